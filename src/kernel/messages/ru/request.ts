import type { REQUEST as ENGLISH } from "../en/request.ts";
import { pluralRu } from "../plural.ts";
import type { Translation } from "../translation.ts";

export const REQUEST: Translation<typeof ENGLISH> = {
  maxBytes: ({ max }) => `Отправьте не больше ${max} ${pluralRu(max, "байта", "байт", "байт")}.`,
  mediaTypes: ({ types }) => `Отправьте один из этих Content-Type: ${types.join(", ")}.`,
  fileLength: ({ max }) =>
    `должно быть длиной файла, от 1 до ${max} ${pluralRu(max, "байта", "байт", "байт")}`,
  idempotencyKey: "Idempotency-Key должен состоять из 1–128 видимых символов ASCII.",
  ifMatch: "В If-Match должен быть ETag карточки в кавычках или *.",
  noRoute: "Такого пути нет. Все пути перечислены в GET /openapi.json.",
  accountNotFound: "В Tollgate-Account указан аккаунт, с которым вы не можете работать.",
  credentialUnknown: "Этот ключ или токен неизвестен или больше не действует.",
  credentialEnded:
    "Срок ключа API или сеанса этого вызова закончился, или участник ещё не принял приглашение.",
  credentialMissing: "Отправьте ключ или токен: Authorization: Bearer <токен доступа или ключ API>.",
  credentialSeveral: "Отправьте ровно один ключ или токен; в этом вызове их больше одного.",
  credentialMistyped: "Это не ключ API этого сервиса: символ пропущен или неверен.",
  credentialBare: "Напишите Bearer перед ключом API: Authorization: Bearer tgk_…",
  credentialUnreadable: "Это не токен доступа и не ключ API этого сервиса.",
  tokenNotValid: "Токен доступа неверен или устарел. Получите новый: POST /v1/auth/token.",
  recipientMails: "Сегодня по запросам других людей на этот адрес отправлено слишком много писем.",
  accountMails:
    "Ваш аккаунт отправил сегодня столько писем, сколько разрешено. Платформа может увеличить эту квоту.",
};
