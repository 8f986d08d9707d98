import { z } from "zod";
import { decide, refById } from "../../access/decision.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { checkAdmission } from "../../gate/principals/admission.ts";
import { type Call, type Endpoint, endpoint, type OpenCall, openEndpoint } from "../../gate/calls/call.ts";
import {
  type DownloadClaims,
  DOWNLOAD_TTL_SECONDS,
  signDownload,
  verifyDownload,
} from "../../gate/credentials/download-token.ts";
import type { CallCredential } from "../../gate/credentials/key-restriction.ts";
import { loadKeyring } from "../../gate/credentials/keyring.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { findPrincipalByToken } from "../../gate/principals/principal.store.ts";
import { iso } from "../../kernel/clock.ts";
import { batch } from "../../kernel/db.ts";
import { Problem, restoredProblem } from "../../kernel/http/problem.ts";
import type { ThemeFileRow } from "../../kernel/schema/resource.ts";
import { guardResource } from "../../resources/resource.store.ts";
import { loadTheme } from "./theme.load.ts";
import { findFileById, findLicense, listFiles } from "./theme-file.store.ts";
import { message } from "../../kernel/messages/message.ts";

const Body = z
  .strictObject({ file: z.string().max(100).describe("The name of one of the theme's files.") })
  .meta({ id: "NewThemeDownload" });
const LinkCard = z
  .object({
    url: z.string().describe("Anyone who has it may download the file until it expires."),
    expiresAt: z.string(),
  })
  .meta({ id: "ThemeDownload" });

/** Where the account restricts themes one by one, the theme must be granted too. */
const requiredRights = ({ targetAccount }: Principal) => [
  "theme.download" as const,
  ...(targetAccount.settings.perThemeRestrictions ? ["theme.license" as const] : []),
];

const tokenTerms = ({ env }: Pick<OpenCall, "env">) => ({ issuer: env.ISSUER, audience: env.AUDIENCE });

const createLink = endpoint(
  {
    method: "POST",
    path: "/v1/themes/:id/downloads",
    operationId: "createThemeDownload",
    tag: "Themes",
    right: "theme.download",
    status: 200,
    summary:
      "Make a link to a file of a theme that the account has an active license of. " +
      `It is good for ${DOWNLOAD_TTL_SECONDS / 60} minutes, and recorded as the download.`,
    body: Body,
    answer: LinkCard,
  },
  async (call) => {
    const { principal, env, now } = call;
    const themeId = call.params["id"] ?? "";
    const [row, files, [license]] = await loadTheme(
      call,
      listFiles(call.db, themeId),
      findLicense(call.db, principal.accountId, themeId, now),
    );
    for (const right of requiredRights(principal)) call.requireRight(right, refById(row.id, "active"));
    if (license === undefined)
      throw new Problem("access/denied", {
        detail: message("products.noThemeLicense"),
        extensions: { right: "theme.download" },
      });
    const { file: name } = await call.body();
    const file = files.find((each) => each.name === name);
    if (file === undefined)
      throw new Problem("not-found", {
        errors: [{ pointer: "/file", detail: message("products.noThemeFile") }],
      });
    const token = await signLinkToken(call, { thm: row.id, fil: file.id });
    const event = call.event(
      "theme.download",
      { type: "theme", id: row.id },
      { changes: { before: {}, after: { file: file.name, sha256: file.sha256, licenseId: license.id } } },
    );
    return call.commit(
      {
        statements: [guardResource(call.db, { accountId: principal.accountId, type: "license", ...license })],
        events: [event],
      },
      {
        status: 200,
        body: {
          url: `${env.ISSUER}/v1/downloads/${token}`,
          expiresAt: iso(Math.floor(now / 1000 + DOWNLOAD_TTL_SECONDS) * 1000),
        },
      },
    );
  },
);

/** The token of a link to this file, for as long as the caller may download it. */
async function signLinkToken(call: Call, { thm, fil }: Pick<DownloadClaims, "thm" | "fil">): Promise<string> {
  const { env, now, principal } = call;
  return signDownload(
    await loadKeyring(env.SIGNING_KEYS),
    tokenTerms(call),
    { acc: principal.accountId, mem: principal.memberId, ...linkCredential(principal.credential), thm, fil },
    now,
  );
}

/** The key or session that made a link. The link ends with it. */
function linkCredential(credential: CallCredential): Pick<DownloadClaims, "key" | "sid"> {
  switch (credential.kind) {
    case "key":
      return { key: credential.id };
    case "session":
      return { sid: credential.id };
    case "hook":
    case "behalf":
      throw new Problem("access/denied", { detail: message("products.memberDownloads") });
  }
}

const followLink = (types: TypeTable) =>
  openEndpoint(
    {
      method: "GET",
      path: "/v1/downloads/:token",
      operationId: "downloadThemeFile",
      tag: "Themes",
      right: "public",
      status: 200,
      answer: { file: "application/octet-stream" },
      summary: "The file that a link leads to, for as long as its maker may still download it.",
      problems: ["invitation/expired"],
    },
    async (call) => {
      const download = await verifyDownload(
        await loadKeyring(call.env.SIGNING_KEYS),
        tokenTerms(call),
        call.params["token"] ?? "",
        call.now,
      );
      if (download === "expired") throw new Problem("invitation/expired");
      const file = download === null ? null : await findAllowedFile(call, download, types);
      const bytes = file === null ? null : await call.env.FILES.get(file.id);
      if (file === null || bytes === null)
        throw new Problem("not-found", { detail: message("products.linkLeadsNowhere") });
      return {
        status: 200,
        file: bytes.body,
        headers: {
          "Content-Length": String(file.size),
          "Content-Disposition": `attachment; filename="${file.name}"`,
          "Content-Security-Policy": "sandbox",
        },
      };
    },
  );

/**
 * Everything that was checked when the link was made is checked again: the member, the key and its addresses,
 * rights, license and file.
 */
async function findAllowedFile(
  call: OpenCall,
  { thm, fil, ...maker }: DownloadClaims,
  types: TypeTable,
): Promise<ThemeFileRow | null> {
  const principal = await findPrincipalByToken(call.db, maker, null, types);
  const refusal = principal === null ? null : checkAdmission(principal, call.origin, call.now, false);
  if (refusal === "state/restored") throw restoredProblem();
  if (principal === null || refusal !== null) return null;
  if (
    !requiredRights(principal).every(
      (right) => decide(principal.grantSet, right, refById(thm, "active")).allowed,
    )
  )
    return null;
  const [licenses, files] = (await batch(call.db, [
    findLicense(call.db, principal.accountId, thm, call.now),
    findFileById(call.db, thm, fil),
  ])) as [unknown[], ThemeFileRow[]];
  return licenses.length === 0 ? null : (files[0] ?? null);
}

export const themeDownloadEndpoints = (types: TypeTable): Endpoint[] => [createLink, followLink(types)];
