import { type Language, moment, type Writer } from "./words.ts";

const until = (at: number): string => moment("ru-RU", at);

const invitation: Writer<"invitation"> = (letter) => ({
  subject: `${letter.inviter} приглашает вас в ${letter.account}`, greeting: "Здравствуйте!",
  lines: [
    `${letter.inviter} приглашает вас присоединиться к ${letter.account} в Tollgate.`,
    "Ссылка ниже принимает приглашение. Затем вы входите с этим адресом электронной почты; пароль запоминать не нужно.",
  ],
  facts: [
    ["Аккаунт", letter.account],
    ["Пригласил(а)", letter.inviter],
    ["Ваша роль", letter.roles.length === 0 ? "Пока нет. Вы сможете войти, а увидите больше, когда вам дадут доступ." : letter.roles.join(", ")],
    ...(letter.login === null ? [] : [["Ваш номер для входа", letter.login] as const]),
    ["Действует до", until(letter.expiresAt)],
  ],
  action: "Принять приглашение",
  after: [
    "Ссылка работает один раз и только для этого адреса. Пожалуйста, не передавайте её другим.",
    "Если вы не ждали этого приглашения, ничего делать не нужно: никто не присоединится, пока ссылка не использована.",
  ],
});

const signIn: Writer<"sign_in"> = (letter) => ({
  subject: "Код для входа в Tollgate", greeting: "Здравствуйте!",
  lines: ["Кто-то, скорее всего вы, хочет войти в Tollgate с этим адресом. Введите код там, где его спросили, или откройте ссылку."],
  facts: [["Действует до", until(letter.expiresAt)]],
  action: "Войти",
  after: [
    "Код и ссылка работают один раз. Сотрудники Tollgate никогда не спросят их у вас.",
    "Если это были не вы, ничего делать не нужно: без этого письма никто не войдёт.",
  ],
});

const join: Writer<"join"> = (letter) => ({
  subject: `Код, чтобы присоединиться к ${letter.account}`, greeting: "Здравствуйте!",
  lines: [`Кто-то, скорее всего вы, хочет с этим адресом присоединиться к ${letter.account} в Tollgate по ссылке этого аккаунта. Введите код там, где его спросили.`],
  facts: [["Аккаунт", letter.account], ["Действует до", until(letter.expiresAt)]],
  action: null,
  after: [
    "Код работает один раз. Сотрудники Tollgate никогда не спросят его у вас.",
    "Если это были не вы, ничего делать не нужно: без кода никто не присоединится.",
  ],
});

const changeEmail: Writer<"change_email"> = (letter) => ({
  subject: "Код для смены адреса входа", greeting: "Здравствуйте!",
  lines: ["Кто-то, скорее всего вы, хочет впредь входить в Tollgate с адресом, указанным ниже. Введите код там, где его спросили."],
  facts: [["Новый адрес", letter.email], ["Действует до", until(letter.expiresAt)]],
  action: null,
  after: [
    "Код работает один раз. Сотрудники Tollgate никогда не спросят его у вас.",
    "Если это были не вы, никому не сообщайте код: без него всё останется как есть.",
  ],
});

const confirmEmail: Writer<"confirm_email"> = (letter) => ({
  subject: `Подтвердите адрес электронной почты для ${letter.account}`, greeting: "Здравствуйте!",
  lines: [`Этот адрес указан в вашей карточке в ${letter.account}. Пожалуйста, подтвердите, что читаете его почту.`],
  facts: [["Аккаунт", letter.account]],
  action: "Подтвердить адрес",
  after: ["Если этот аккаунт вам незнаком, ничего делать не нужно: адрес останется неподтверждённым."],
});

const apiKey: Writer<"api_key"> = (letter) => ({
  subject: `Ключ API для вас в ${letter.account}`, greeting: "Здравствуйте!",
  lines: [`${letter.by} создаёт для вас ключ API в ${letter.account}. По ссылке ниже он будет показан один раз и только вам.`],
  facts: [["Аккаунт", letter.account], ["Кто создал", letter.by], ["Название ключа", letter.name], ["Действует до", until(letter.expiresAt)]],
  action: "Показать ключ",
  after: ["Ключ даёт те же права, что есть у вас. Храните его так же, как пароли.", "Если вы его не ждали, ничего делать не нужно: ключа не существует, пока ссылкой не воспользовались."],
});

const joined: Writer<"joined"> = (letter) => ({
  subject: `Новый участник в ${letter.account}: ${letter.name}`, greeting: "Здравствуйте!",
  lines: [letter.by === "link" ? `По вашей ссылке: ${letter.name} теперь участник ${letter.account}.` : `Ваше приглашение принято: ${letter.name} теперь участник ${letter.account}.`],
  facts: [["Аккаунт", letter.account], ["Участник", letter.name], ["Электронная почта", letter.email]],
  action: null,
  after: [letter.by === "link"
    ? "Присоединиться может каждый, у кого есть ссылка, и только с её ролью. Если вы этого не ждали, отключите ссылку или попросите администратора аккаунта разобраться."
    : "Если вы не приглашали этого человека, попросите администратора аккаунта разобраться."],
});

const accessChanged: Writer<"access_changed"> = (letter) => ({
  subject: `Ваш доступ в ${letter.account} изменён`, greeting: "Здравствуйте!",
  lines: [`Изменено то, что вам можно делать в ${letter.account}. Изменение уже действует.`],
  facts: [["Аккаунт", letter.account], ["Кто изменил", letter.by]],
  action: null,
  after: ["Если вы этого не ждали, спросите того, кто указан выше, или администратора аккаунта."],
});

const removed: Writer<"removed"> = (letter) => ({
  subject: `Вы больше не участник ${letter.account}`, greeting: "Здравствуйте!",
  lines: [`Вы удалены из ${letter.account}. Войти туда больше нельзя, и ваши ключи API для этого аккаунта больше не действуют.`],
  facts: [["Аккаунт", letter.account], ["Кто удалил", letter.by]],
  action: null,
  after: ["Если вы этого не ждали, спросите того, кто указан выше."],
});

export const RUSSIAN: Language = {
  frame: {
    code: "Ваш код", link: "Если кнопка не работает, откройте этот адрес:", footer: "Это письмо отправлено Tollgate. Ответы на него не читают.",
    unsubscribe: "Больше не присылать уведомления этого аккаунта:",
  },
  words: { invitation, sign_in: signIn, join, change_email: changeEmail, confirm_email: confirmEmail, api_key: apiKey, joined, access_changed: accessChanged, removed },
};
