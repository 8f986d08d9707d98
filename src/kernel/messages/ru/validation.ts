import type { VALIDATION as ENGLISH } from "../en/validation.ts";
import { pluralRu } from "../plural.ts";
import type { Translation } from "../translation.ts";

export const VALIDATION: Translation<typeof ENGLISH> = {
  required: "обязательно для заполнения",
  unknownField: "здесь не поддерживается",
  sentTwice: "передано дважды",
  notValid: "имеет недопустимое значение",
  notText: "должно быть строкой",
  notNumber: "должно быть числом",
  notInteger: "должно быть целым числом",
  notBoolean: "должно быть true или false",
  notList: "должно быть списком",
  notObject: "должно быть объектом",
  notNull: "должно быть null",
  notDate: "должно быть датой",
  numberRange: ({ min, max }) => `должно быть числом от ${min} до ${max}`,
  integerRange: ({ min, max }) => `должно быть целым числом от ${min} до ${max}`,
  tooSmall: ({ min }) => `должно быть не меньше ${min}`,
  tooLarge: ({ max }) => `должно быть не больше ${max}`,
  notAbove: ({ min }) => `должно быть больше ${min}`,
  notBelow: ({ max }) => `должно быть меньше ${max}`,
  notMultiple: ({ step }) => `должно делиться на ${step}`,
  empty: "не должно быть пустым",
  textTooShort: ({ min }) =>
    `должно содержать не меньше ${min} ${pluralRu(min, "символа", "символов", "символов")}`,
  textTooLong: ({ max }) =>
    `должно содержать не больше ${max} ${pluralRu(max, "символа", "символов", "символов")}`,
  textLength: ({ length }) =>
    `должно содержать ровно ${length} ${pluralRu(length, "символ", "символа", "символов")}`,
  textRange: ({ min, max }) =>
    `должно содержать от ${min} до ${max} ${pluralRu(max, "символа", "символов", "символов")}`,
  listRange: ({ min, max }) =>
    `должно содержать от ${min} до ${max} ${pluralRu(max, "элемента", "элементов", "элементов")}`,
  listTooShort: ({ min }) =>
    `должно содержать не меньше ${min} ${pluralRu(min, "элемента", "элементов", "элементов")}`,
  listTooLong: ({ max }) =>
    `должно содержать не больше ${max} ${pluralRu(max, "элемента", "элементов", "элементов")}`,
  listLength: ({ length }) =>
    `должно содержать ровно ${length} ${pluralRu(length, "элемент", "элемента", "элементов")}`,
  notOneOf: ({ values }) => `должно быть одним из значений: ${values.join(", ")}`,
  notExactly: ({ value }) => `должно быть равно ${value}`,
  notListed: "должно быть одним из значений, перечисленных в GET /openapi.json",
  noForm: "не подходит ни под один из допустимых вариантов",
  badFormat: "не соответствует формату из GET /openapi.json",
  badDate: "должно быть датой, например 2026-11-21",
  badUrl: "должно быть адресом, например https://example.com/",
  badKey: "содержит недопустимое имя поля",
  badEntry: "содержит недопустимый элемент",
  controlCharacters: "не должно содержать управляющих символов",
  invisible: "должно содержать хотя бы один видимый символ",
  link: "не должно содержать ссылку",
  time: "должно быть временем, например 2026-11-21T03:00:00+03:00 или 2026-11-21T00:00:00Z",
  timeRange: "должно быть временем от 0000 до 9999 года по UTC",
  dayOrTime:
    "должно быть датой, например 2026-11-21, или временем, например " +
    "2026-11-21T00:00:00Z; знак + в смещении пишите как %2B",
  futureTime: "должно быть в будущем",
  beforeFrom: "не должно быть раньше from",
  currencyCode: "должно быть кодом ISO 4217, например EUR",
  currencyUnused: "не является кодом действующей валюты",
  countryCode: "должно быть кодом ISO 3166-1, например DE",
  email: "должно быть адресом электронной почты: до @ не больше 64 символов ASCII, после @ — домен",
  id: ({ example }) => `должно быть идентификатором, например ${example}`,
  anyId: "должно быть идентификатором",
  domain: "должно быть доменом, например example.com",
  domainTwice: "содержит один домен дважды",
  timeZone: "должно быть часовым поясом из списка IANA, например Europe/Berlin",
  ipAddress: "должно быть адресом IPv4 или IPv6 или блоком CIDR",
  everyAddress:
    "разрешает все адреса само или вместе с правилами перед ним; " +
    "если так и задумано, отправьте allowAny: true",
  jsonPointer: "должно быть указателем JSON (RFC 6901), например /data/email",
  pageLimit: "должно быть числом от 1 до 100",
  cursor: "должно быть значением nextCursor этого списка",
  cursorFilters: "должно быть значением nextCursor этого списка с теми же фильтрами",
  yearRange: ({ min, max }) => `должно быть годом от ${min} до ${max}`,
};
