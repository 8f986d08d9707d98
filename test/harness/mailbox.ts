import { api, type Fetch, expectStatus } from "./client.ts";

/** A mail as the local mailbox shows it. */
export interface LocalMail {
  readonly id: string;
  readonly to: string;
  readonly template: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly at: string;
  readonly link: string | null;
  readonly code: string | null;
}

/** All mails to an address, the newest first. What a change sends is there when its answer is. */
export async function mailsTo(fetch: Fetch, address: string): Promise<LocalMail[]> {
  const mails: LocalMail[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body } = expectStatus(
      await api(fetch, null).get<{ data: LocalMail[]; nextCursor: string | null }>(
        `/dev/mail?limit=100&to=${encodeURIComponent(address)}${more}`,
      ),
      200,
    );
    mails.push(...body.data);
    cursor = body.nextCursor;
  }
  return mails;
}

/** The newest mail to an address, of one template where given. @throws Error when there is none */
export async function lastMail(fetch: Fetch, address: string, template?: string): Promise<LocalMail> {
  const mails = await mailsTo(fetch, address);
  const mail = mails.find((one) => template === undefined || one.template === template);
  if (mail === undefined)
    throw new Error(
      `no ${template ?? "mail"} came to ${address}, only: ${mails.map((one) => one.template).join(", ")}`,
    );
  return mail;
}

/** The token in the fragment of the mail's link. @throws Error without a link */
export function tokenOf(mail: LocalMail): string {
  const [, token] = /#token=([\w.-]+)$/.exec(mail.link ?? "") ?? [];
  if (token === undefined) throw new Error(`the mail "${mail.subject}" has no link with a token`);
  return token;
}

/** The code in the mail, as it is sent back. @throws Error without a code */
export function codeOf(mail: LocalMail): string {
  if (mail.code === null) throw new Error(`the mail "${mail.subject}" has no code`);
  return mail.code;
}
