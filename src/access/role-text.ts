import type { LocalizedText } from "./area-text.ts";

export interface LocalizedLabel {
  readonly name: LocalizedText;
  readonly description: LocalizedText;
}

const label = (en: string, ru: string, enDescription: string, ruDescription: string): LocalizedLabel => ({
  name: { en, ru },
  description: { en: enDescription, ru: ruDescription },
});

/** What the roles of each model are called, and what they are for. */
export const ROLE_TEXTS: Readonly<Record<string, Readonly<Record<string, LocalizedLabel>>>> = {
  platform: {
    owner: label(
      "Platform owner",
      "Владелец платформы",
      "Runs the deployment: accounts, plans, subscriptions, credits, themes and tools.",
      "Управляет платформой: аккаунтами, тарифами, подписками, кредитами, темами и инструментами.",
    ),
  },
  operators: {
    owner: label("Owner", "Владелец", "May do everything in the account.", "Может делать в аккаунте всё."),
    operator: label(
      "Operator",
      "Оператор",
      "May do nothing until access to resources is granted.",
      "Не имеет никаких прав, пока не выдан доступ к ресурсам.",
    ),
  },
  team: {
    admin: label(
      "Admin",
      "Администратор",
      "Licenses, purchases, billing, users and settings: may do everything.",
      "Лицензии, покупки, платёжные данные, пользователи и настройки: может делать всё.",
    ),
    member: label(
      "Member",
      "Участник",
      "Browses the catalog, provisions licenses within the limits and downloads licensed themes. " +
        "Sees only own licenses and activity.",
      "Просматривает каталог, выпускает лицензии в пределах лимитов и скачивает темы, " +
        "на которые есть лицензия. Видит только свои лицензии и действия.",
    ),
    viewer: label(
      "Viewer",
      "Наблюдатель",
      "Read-only: the catalog, active licenses and reports. Fit for clients and stakeholders.",
      "Только чтение: каталог, действующие лицензии и отчёты. Подходит для клиентов и заинтересованных лиц.",
    ),
  },
  marketplace: {
    distributor_admin: label(
      "Distributor admin",
      "Администратор дистрибьютора",
      "May do everything at the distributor and its sellers.",
      "Может делать всё у дистрибьютора и его продавцов.",
    ),
    distributor_read_only: label(
      "Distributor, read-only",
      "Дистрибьютор, только чтение",
      "Sees everything and changes nothing.",
      "Видит всё и ничего не меняет.",
    ),
    seller_admin: label(
      "Seller admin",
      "Администратор продавца",
      "May do everything at the seller and in its customers' organizations.",
      "Может делать всё у продавца и в организациях его клиентов.",
    ),
    account_manager: label(
      "Account manager",
      "Менеджер по работе с клиентами",
      "Works with all customers: organizations, catalogue, subscriptions, markups and users.",
      "Работает со всеми клиентами: организации, каталог, подписки, наценки и пользователи.",
    ),
    seller_agent_admin: label(
      "Seller agent admin",
      "Администратор агентов продавца",
      "Works with the organizations given to them: catalogue, subscriptions and users.",
      "Работает с выделенными организациями: каталог, подписки и пользователи.",
    ),
    subscriptions_manager: label(
      "Subscriptions manager",
      "Менеджер подписок",
      "Manages the catalogue and subscriptions of the organizations given to them.",
      "Ведёт каталог и подписки выделенных организаций.",
    ),
    product_manager: label(
      "Product manager",
      "Менеджер продуктов",
      "Creates products and services, works with CPQ and edits forms.",
      "Создаёт товары и услуги, работает с CPQ и изменяет формы.",
    ),
    seller_billing_admin: label(
      "Billing admin of the seller",
      "Администратор счетов продавца",
      "Manages invoices and billing of the organizations given to them.",
      "Ведёт счета и платёжные данные выделенных организаций.",
    ),
    support_agent: label(
      "Support agent",
      "Сотрудник поддержки",
      "Looks into the organizations given to them, their subscriptions and history.",
      "Просматривает выделенные организации, их подписки и историю.",
    ),
    reseller_report: label(
      "Reseller report",
      "Отчёты реселлера",
      "An additional role: reports of every organization.",
      "Дополнительная роль: отчёты по всем организациям.",
    ),
    report_viewer_360: label(
      "Report viewer 360",
      "Просмотр отчётов 360",
      "Sees reports and nothing else.",
      "Видит отчёты и больше ничего.",
    ),
    customer_admin: label(
      "Customer admin",
      "Администратор клиента",
      "Purchases and manages subscriptions of the own organization and invites its users.",
      "Покупает подписки своей организации, управляет ими и приглашает её пользователей.",
    ),
    customer_billing_admin: label(
      "Customer billing admin",
      "Администратор счетов клиента",
      "Manages invoices and billing of the own organization.",
      "Ведёт счета и платёжные данные своей организации.",
    ),
    customer: label(
      "Customer",
      "Клиент",
      "Purchases and manages subscriptions of the own organization, without sensitive data.",
      "Покупает подписки своей организации и управляет ими, не видя лишних данных.",
    ),
  },
  dealer: {
    dealer_manager: label(
      "Dealer manager",
      "Менеджер дилера",
      "Everything at the dealer, with objects, requests and users of its sub-dealers in view.",
      "Всё у дилера, с просмотром объектов, заявок и пользователей субдилеров.",
    ),
    dealer_user: label(
      "Dealer user",
      "Пользователь дилера",
      "Works with the objects of the own object groups, their keys, licenses and reports.",
      "Работает с объектами своих групп, их ключами, лицензиями и отчётами.",
    ),
    subdealer: label(
      "Sub-dealer",
      "Субдилер",
      "Sees objects and generates licenses for their keys.",
      "Видит объекты и генерирует лицензии для их ключей.",
    ),
    client: label(
      "Client",
      "Клиент",
      "Sees objects, and the status of their keys and licenses.",
      "Видит объекты и состояние их ключей и лицензий.",
    ),
    aggregator: label(
      "Aggregator",
      "Агрегатор",
      "Sees own objects, keys and aggregator licenses.",
      "Видит собственные объекты, ключи и лицензии агрегатора.",
    ),
  },
  agency: {
    owner: label(
      "Owner",
      "Владелец",
      "May do everything: tools, tasks, credits and users.",
      "Может делать всё: инструменты, задачи, кредиты и пользователи.",
    ),
    manager: label(
      "Manager",
      "Менеджер",
      "Works with all tools and with the tasks of all members, without a limit of credits.",
      "Работает со всеми инструментами и задачами всех пользователей, без лимита кредитов.",
    ),
    specialist: label(
      "Specialist",
      "Специалист",
      "Works with own and granted tasks in the tools that are granted, " +
        "within a limit of credits if there is one.",
      "Работает со своими и доступными задачами в доступных инструментах, в пределах лимита кредитов, " +
        "если он задан.",
    ),
    guest: label(
      "Guest",
      "Гость",
      "Only looks: at granted tasks, at the tasks of granted tools and at their reports.",
      "Только просмотр: доступные задачи, задачи доступных инструментов и их отчёты.",
    ),
  },
};

/** What the bundles of grants are called that a model offers. */
export const BUNDLE_TEXTS: Readonly<Record<string, LocalizedLabel>> = {
  recommended_operator: label(
    "Recommended for operators",
    "Рекомендуется для операторов",
    "Edit all products and own all customers: license keys are added and changed, " +
      "while products and access tokens stay safe.",
    "Изменение всех продуктов и владение всеми клиентами: " +
      "лицензионные ключи можно добавлять и изменять, а продукты и токены доступа нельзя удалить.",
  ),
};
