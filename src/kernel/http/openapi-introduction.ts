/** How to begin, in Markdown: the first thing that a reader of the description sees. */
export const INTRODUCTION = `Tollgate is the gate of a platform. It decides on every call.

## First call

1. Get a credential. A person signs in with a code by mail:
   \`POST /v1/auth/codes\`, then \`POST /v1/auth/sessions\`.
   A program uses an API key. It can exchange the key for an access token of ten minutes:
   \`POST /v1/auth/token\`.
2. Send the credential as \`Authorization: Bearer …\` with \`GET /v1/me\`.
   The answer says who you are and what you may do.

## Refusals

A refusal is a problem (RFC 9457). Its \`code\` is stable, and \`detail\` says what to do next.
\`GET /problems\` lists all codes. An object that you may not see answers \`not-found\`,
like one that does not exist.

## Lists

A list answers \`data\` and \`nextCursor\`. Send \`nextCursor\` as \`cursor\` for the next page.
It is null on the last page.

## Changes

A card has a \`version\` and an \`ETag\`. Send the tag that you read in \`If-Match\`.
A change in between answers 412.

## Repeats

Send an \`Idempotency-Key\` with each command that lists the header.
A repeat under the same key has no second effect.
An operation that does not list the header ignores it: the key is not stored, and a repeat runs again.
`;
