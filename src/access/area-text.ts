import type { AccessLevel, Locale } from "../kernel/schema/team.ts";
import type { Right } from "./right.ts";

/** A text in every language that is spoken here. */
export type LocalizedText = Readonly<Record<Locale, string>>;

type ResourceTypeName = Right extends infer Each
  ? Each extends `${infer Type}.${string}`
    ? Type
    : never
  : never;

/** What people call the types that rights are about: the headings under which rights are shown. */
export const TYPE_TEXTS: Readonly<Record<ResourceTypeName, LocalizedText>> = {
  account: { en: "Account", ru: "Аккаунт" },
  member: { en: "Users", ru: "Пользователи" },
  grant: { en: "Access to resources", ru: "Доступ к ресурсам" },
  role: { en: "Roles", ru: "Роли" },
  api_key: { en: "API keys", ru: "Ключи API" },
  hook: { en: "Inbound webhooks", ru: "Входящие вебхуки" },
  audit: { en: "Audit", ru: "Аудит" },
  credits: { en: "Credits", ru: "Кредиты" },
  product: { en: "Products", ru: "Продукты" },
  license_key: { en: "License keys", ru: "Лицензионные ключи" },
  machine_code: { en: "Machine codes", ru: "Коды компьютеров" },
  data_object: { en: "Data objects", ru: "Объекты данных" },
  customer: { en: "Customers", ru: "Клиенты" },
  access_token: { en: "Access tokens", ru: "Токены доступа" },
  analytics: { en: "Analytics", ru: "Аналитика" },
  billing: { en: "Billing", ru: "Платёжные данные" },
  invoice: { en: "Invoices", ru: "Счета" },
  catalog: { en: "Catalog", ru: "Каталог" },
  theme: { en: "Themes", ru: "Темы" },
  license: { en: "Licenses", ru: "Лицензии" },
  report: { en: "Reports", ru: "Отчёты" },
  organization: { en: "Organizations", ru: "Организации" },
  subscription: { en: "Subscriptions", ru: "Подписки" },
  markup: { en: "Markups", ru: "Наценки" },
  cpq: { en: "Products and services for quotes (CPQ)", ru: "Товары и услуги для предложений (CPQ)" },
  form: { en: "Forms", ru: "Формы" },
  object: { en: "Objects", ru: "Объекты" },
  corporation: { en: "Corporations", ru: "Корпорации" },
  object_group: { en: "Object groups", ru: "Группы объектов" },
  key: { en: "Keys", ru: "Ключи" },
  request: { en: "License requests", ru: "Заявки на лицензии" },
  sos_license: { en: "SOS licenses", ru: "SOS-лицензии" },
  dealer: { en: "Dealer", ru: "Дилер" },
  subdealer: { en: "Sub-dealers", ru: "Субдилеры" },
  aggregator_license: { en: "Aggregator licenses", ru: "Лицензии агрегатора" },
  tool: { en: "Tools", ru: "Инструменты" },
  task: { en: "Tasks", ru: "Задачи" },
};

/** Rows of the table of roles in models that put several types into one. */
export const AREA_TEXTS: Readonly<Record<string, LocalizedText>> = {
  organizations: { en: "Organizations", ru: "Организации" },
  catalogue: { en: "Catalogue", ru: "Каталог" },
  subscriptions: { en: "Subscriptions", ru: "Подписки" },
  markups: { en: "Markups", ru: "Наценки" },
  products: { en: "Products, services, CPQ and forms", ru: "Товары, услуги, CPQ и формы" },
  billing: { en: "Invoices and billing", ru: "Счета и платёжные данные" },
  reports: { en: "Reports", ru: "Отчёты" },
  users: { en: "Users", ru: "Пользователи" },
  settings: { en: "Settings", ru: "Настройки" },
  history: { en: "History", ru: "История" },
};

/** What each access level of a grant means. */
export const LEVEL_TEXTS: Readonly<
  Record<AccessLevel, { readonly name: LocalizedText; readonly description: LocalizedText }>
> = {
  view: {
    name: { en: "View", ru: "Просмотр" },
    description: {
      en: "Read-only: lists and cards, and nothing is changed.",
      ru: "Только чтение: списки и карточки, без изменений.",
    },
  },
  edit: {
    name: { en: "Edit", ru: "Изменение" },
    description: {
      en: "View, and change what is there. It adds and removes nothing of the type itself.",
      ru: "Просмотр и изменение того, что уже есть. Сами ресурсы этого типа не добавляются и не удаляются.",
    },
  },
  owner: {
    name: { en: "Owner", ru: "Владение" },
    description: {
      en: "Edit, and remove; with access to all of the type (id 0) also add new ones.",
      ru: "Изменение и удаление, а при доступе ко всем ресурсам типа (id 0) и добавление новых.",
    },
  },
};

export const typeText = (name: string): LocalizedText =>
  TYPE_TEXTS[name as ResourceTypeName] ?? { en: name, ru: name };
