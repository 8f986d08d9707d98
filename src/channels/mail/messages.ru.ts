import type { JoinedBy, SecurityKind } from "./mail-message.ts";
import { type MailLanguage, formatMoment, type MailWriter } from "./messages.ts";

const until = (at: number): string => formatMoment("ru-RU", at);

const invitation: MailWriter<"invitation"> = (letter) => ({
  subject: `${letter.inviter} приглашает вас в ${letter.account}`,
  greeting: "Здравствуйте!",
  lines: [
    `${letter.inviter} приглашает вас присоединиться к ${letter.account} в Tollgate.`,
    "Ссылка ниже принимает приглашение. " +
      "Затем вы входите с этим адресом электронной почты; пароль запоминать не нужно.",
  ],
  facts: [
    ["Аккаунт", letter.account],
    ["Пригласил(а)", letter.inviter],
    [
      "Ваша роль",
      letter.roles.length === 0
        ? "Пока нет. Вы сможете войти, а увидите больше, когда вам дадут доступ."
        : letter.roles.join(", "),
    ],
    ...(letter.login === null ? [] : [["Ваш номер для входа", letter.login] as const]),
    ["Действует до", until(letter.expiresAt)],
  ],
  action: "Принять приглашение",
  after: [
    "Ссылка работает один раз и только для этого адреса. Пожалуйста, не передавайте её другим.",
    "Если вы не ждали этого приглашения, ничего делать не нужно: присоединиться можно только по ссылке.",
  ],
});

const signIn: MailWriter<"sign_in"> = (letter) => ({
  subject: "Код для входа в Tollgate",
  greeting: "Здравствуйте!",
  lines: [
    "Мы получили запрос, скорее всего от вас, на вход в Tollgate с этим адресом. " +
      "Введите код там, где его спросили, или откройте ссылку.",
  ],
  facts: [["Действует до", until(letter.expiresAt)]],
  action: "Войти",
  after: [
    "Код и ссылка работают один раз. Сотрудники Tollgate никогда не спросят их у вас.",
    "Если это были не вы, ничего делать не нужно: без этого письма войти нельзя.",
  ],
});

const join: MailWriter<"join"> = (letter) => ({
  subject: `Код, чтобы присоединиться к ${letter.account}`,
  greeting: "Здравствуйте!",
  lines: [
    `Мы получили запрос, скорее всего от вас: присоединиться к ${letter.account} в Tollgate ` +
      "с этим адресом, по ссылке этого аккаунта. Введите код там, где его спросили.",
  ],
  facts: [
    ["Аккаунт", letter.account],
    ["Действует до", until(letter.expiresAt)],
  ],
  action: null,
  after: [
    "Код работает один раз. Сотрудники Tollgate никогда не спросят его у вас.",
    "Если это были не вы, ничего делать не нужно: без кода присоединиться нельзя.",
  ],
});

const changeEmail: MailWriter<"change_email"> = (letter) => ({
  subject: "Код для смены адреса входа",
  greeting: "Здравствуйте!",
  lines: [
    "Мы получили запрос, скорее всего от вас: впредь входить в Tollgate с адресом, указанным ниже. " +
      "Введите код там, где его спросили.",
  ],
  facts: [
    ["Новый адрес", letter.email],
    ["Действует до", until(letter.expiresAt)],
  ],
  action: null,
  after: [
    "Код работает один раз. Сотрудники Tollgate никогда не спросят его у вас.",
    "Если это были не вы, никому не сообщайте код: без него всё останется как есть.",
  ],
});

const confirmEmail: MailWriter<"confirm_email"> = (letter) => ({
  subject: `Подтвердите адрес электронной почты для ${letter.account}`,
  greeting: "Здравствуйте!",
  lines: [
    `Этот адрес указан в вашей карточке в ${letter.account}. Пожалуйста, подтвердите, что читаете его почту.`,
  ],
  facts: [["Аккаунт", letter.account]],
  action: "Подтвердить адрес",
  after: ["Если этот аккаунт вам незнаком, ничего делать не нужно: адрес останется неподтверждённым."],
});

const apiKey: MailWriter<"api_key"> = (letter) => ({
  subject: `Ключ API для вас в ${letter.account}`,
  greeting: "Здравствуйте!",
  lines: [
    `${letter.by} создаёт для вас ключ API в ${letter.account}. ` +
      "По ссылке ниже он будет показан один раз и только вам.",
  ],
  facts: [
    ["Аккаунт", letter.account],
    ["Кто создал", letter.by],
    ["Название ключа", letter.name],
    ["Действует до", until(letter.expiresAt)],
  ],
  action: "Показать ключ",
  after: [
    "Ключ даёт те же права, что есть у вас. Храните его так же, как пароли.",
    "Если вы его не ждали, ничего делать не нужно: ключа не существует, пока ссылкой не воспользовались.",
  ],
});

const JOINED: Readonly<Record<JoinedBy, (name: string, account: string) => string>> = {
  invitation: (name, account) => `Ваше приглашение принято: ${name} теперь участник ${account}.`,
  link: (name, account) => `По вашей ссылке: ${name} теперь участник ${account}.`,
  account_link: (name, account) => `По ссылке аккаунта: ${name} теперь участник ${account}.`,
};

const joined: MailWriter<"joined"> = (letter) => ({
  subject: `Новый участник в ${letter.account}: ${letter.name}`,
  greeting: "Здравствуйте!",
  lines: [JOINED[letter.by](letter.name, letter.account)],
  facts: [
    ["Аккаунт", letter.account],
    ["Участник", letter.name],
    ["Электронная почта", letter.email],
  ],
  action: null,
  after: [
    letter.by === "invitation"
      ? "Если вы не приглашали этого человека, попросите администратора аккаунта разобраться."
      : "Присоединиться может каждый, у кого есть ссылка, и только с её ролью. " +
        "Если вы этого не ждали, отключите ссылку или попросите администратора аккаунта разобраться.",
  ],
});

const accessChanged: MailWriter<"access_changed"> = (letter) => ({
  subject: `Ваш доступ в ${letter.account} изменён`,
  greeting: "Здравствуйте!",
  lines: [`Изменено то, что вам можно делать в ${letter.account}. Изменение уже действует.`],
  facts: [
    ["Аккаунт", letter.account],
    ["Кто изменил", letter.by ?? "несколько участников"],
  ],
  action: null,
  after: ["Если вы этого не ждали, спросите администратора аккаунта."],
});

const SECURITY: Readonly<
  Record<SecurityKind, (account: string) => readonly [subject: string, line: string]>
> = {
  key_made: (account) => [
    `Новый ключ API для вас в ${account}`,
    `Для вас создан ключ API в ${account}. С ним можно делать там то же, что и вам.`,
  ],
  key_claimed: (account) => [
    `Ваш ключ API в ${account} получен`,
    `Ключ API, созданный для вас в ${account}, получен и уже действует.`,
  ],
  key_revoked: (account) => [
    `Ваш API-ключ в ${account} отозван`,
    `Другой участник отозвал ваш API-ключ в аккаунте ${account}. Он больше не работает.`,
  ],
  card_address_changed: (account) => [
    `Ваш адрес в ${account} изменён`,
    `Адрес электронной почты в вашей карточке в аккаунте ${account} изменён. ` +
      "Письма для вас теперь приходят на другой адрес.",
  ],
  sign_in_address_requested: (account) => [
    `Запрошен другой адрес для входа в ${account}`,
    `В ${account} запрошена смена адреса, с которым вы входите.`,
  ],
  sign_in_address_changed: (account) => [
    "Ваш адрес для входа изменён",
    `Адрес, с которым вы входите в ${account}, изменён.`,
  ],
  sign_in_address_unlinked: (account) => [
    "Ваш адрес для входа отвязан",
    `Войти в ${account} с прежним адресом больше нельзя.`,
  ],
  blocked: (account) => [
    `Вы заблокированы в ${account}`,
    `Вы заблокированы в ${account}. Войти туда нельзя, и ваши ключи API для этого аккаунта не действуют.`,
  ],
  removed: (account) => [
    `Вы больше не участник ${account}`,
    `Вы удалены из ${account}. ` +
      "Войти туда больше нельзя, и ваши ключи API для этого аккаунта больше не действуют.",
  ],
  left: (account) => [
    `Вы вышли из ${account}`,
    `Вы вышли из ${account}. ` +
      "Войти туда больше нельзя, и ваши ключи API для этого аккаунта больше не действуют.",
  ],
  ownership_offered: (account) => [
    `Вам предложено стать владельцем ${account}`,
    `Вам предложено стать владельцем аккаунта ${account}. Ответить можно в течение семи дней.`,
  ],
  ownership_moved: (account) => [
    `У ${account} другой владелец`,
    `Владельцем ${account} стал другой участник.`,
  ],
  ownership_received: (account) => [`Вы владелец ${account}`, `Теперь вы владелец аккаунта ${account}.`],
};

const security: MailWriter<"security"> = ({ kind, account }) => {
  const [subject, line] = SECURITY[kind](account);
  return {
    subject,
    greeting: "Здравствуйте!",
    lines: [line],
    facts: [["Аккаунт", account]],
    action: null,
    after: [
      "Если вы этого не ждали, спросите администратора аккаунта. " +
        "Если аккаунт вам незнаком, ничего делать не нужно.",
      "Это письмо отправлено ради безопасности, отказаться от таких писем нельзя.",
    ],
  };
};

export const RUSSIAN: MailLanguage = {
  frame: {
    code: "Ваш код",
    link: "Если кнопка не работает, откройте этот адрес:",
    footer: "Это письмо отправлено Tollgate. Ответы на него не читают.",
    unsubscribe: "Больше не присылать уведомления этого аккаунта:",
  },
  templates: {
    invitation,
    sign_in: signIn,
    join,
    change_email: changeEmail,
    confirm_email: confirmEmail,
    api_key: apiKey,
    joined,
    access_changed: accessChanged,
    security,
  },
};
