import type { ACCOUNTS as ENGLISH } from "../en/accounts.ts";
import type { Translation } from "../translation.ts";

export const ACCOUNTS: Translation<typeof ENGLISH> = {
  parentNeeded: ({ kind, parent }) =>
    `должно указывать аккаунт вида ${parent}: над аккаунтом вида ${kind} он обязателен`,
  noParent: ({ kind }) => `не указывается: над аккаунтом вида ${kind} нет другого аккаунта`,
  parentKind: ({ parent }) => `должно указывать аккаунт вида ${parent}`,
  ownershipGivesAll: "Владение даёт доступ ко всему аккаунту.",
  settingsAreOwn: "Настройки и правила для адресов меняет только сам аккаунт.",
  meaninglessSetting: ({ kind }) => `не является настройкой аккаунта вида ${kind}`,
  noMember: "не указывает участника этого аккаунта",
  ownsAlready: "уже владеет аккаунтом",
  activeOwner: "Владеть аккаунтом может только активный участник: не новый и не заблокированный.",
  ownerOffers: "Передать владение предлагает только владелец аккаунта.",
  offerGivesAway: "Предложение владения передаёт аккаунт другому.",
  offeredAlready: "Владение уже предложено. Сначала отзовите то предложение.",
  offerForOther: "Предложение принимает только тот участник, которому оно сделано.",
  databaseHash: "должно быть равно database.hash",
  notPutBack: "База данных этого аккаунта не возвращалась назад, или это уже принято.",
  otherPlace: "База данных заканчивается в другом месте. Снова прочитайте GET …/restored-state.",
  contactUrl: "должно начинаться с https:// или mailto:",
  tierKey: "должно состоять из 1–60 латинских букв, цифр и знаков ._:-",
  freeSelfService: "при selfService должно быть равно 0",
  platformFeature: "включает только платформа, поэтому не сочетается с selfService",
  unknownTier: "должно быть тарифом из списка или null",
  tierInUse:
    "Тариф ещё указан в подписке, в выборе или в вебхуке. Чтобы больше " +
    "его не предлагать, установите offered: false.",
  action: "должно быть действием, например license_key.edit, или всеми действиями типа: license_key.*",
  resourceType: "должно быть типом ресурса, например product",
  requestId: "должно быть значением requestId",
  rowId: "должно быть идентификатором записи этого журнала",
  path: "должно быть путём, например /v1/members",
  status: "должно быть статусом, например 404 или 4xx",
  callerRequestId: "должно быть идентификатором в форме, которую принимает X-Request-Id",
  topRoleErases: ({ role }) => `Стирать данные могут только участники с ролью ${role} или платформа.`,
  eraseOwnLog: "Аккаунт стирает данные только в собственном журнале.",
  eraseMember: "Это всё ещё участник. Сначала удалите его.",
  unsealedEvents: "Есть события, которые не удаётся запечатать: причину показывает verify.",
  auditViewAll: "Для этого нужно право audit.view на все записи.",
};
