import type { RESOURCES as ENGLISH } from "../en/resources.ts";
import type { Translation } from "../translation.ts";

export const RESOURCES: Translation<typeof ENGLISH> = {
  parentGone: "Родительский объект удалён.",
  parentRetired: "Родительский объект больше не предлагается.",
  namesNothing: ({ field }) => `${field} не указывает объект, который виден с вашими правами.`,
  hidden: "не указывает объект, который вам виден",
  otherAccountAdds: "Эти объекты ведёт другой аккаунт, и добавляют их только его участники.",
  otherAccountChanges: "Этот объект ведёт другой аккаунт, и меняют его только его участники.",
  severalGroups: "должно указывать одну из ваших групп объектов: у вас их несколько",
  status: ({ status }) => `Текущий статус: ${status}.`,
  finalStatus: ({ status }) => `Текущий статус: ${status}. Изменить объект больше нельзя.`,
  fixedAttributes: ({ fields }) =>
    `${fields.join(" и ")} больше изменить нельзя: по ним уже созданы другие объекты.`,
  oneParent: "используйте фильтр только по одному родительскому объекту",
  oneOfParents: ({ fields }) => `отправьте ровно одно из полей ${fields.join(", ")}`,
  eitherField: ({ first, second }) => `отправьте либо ${first}, либо ${second}`,
  fieldName: "должно быть именем, например orderNumber",
  fieldTwice: "содержит одно поле дважды",
  invoiceStatus: ({ status }) => `Статус счёта: ${status}.`,
  subscriptionStatus: ({ status }) => `Статус подписки: ${status}.`,
  invoiceSum: "в сумме больше, чем допускает один счёт",
  sosDaysSaas: ({ days }) => `должно быть равно ${days}: этот ключ лицензируется по подписке`,
  sosDays: ({ min, max }) => `должно быть от ${min} до ${max}`,
  slug: "должно состоять из строчных латинских букв, цифр и дефисов",
};
