import { DAY_MS } from "../../kernel/clock.ts";
import { z } from "zod";
import type { Right } from "../../access/right.ts";
import { dayOrTime } from "../../kernel/time-zone.ts";
import { TABLE_FORMATS } from "../../channels/workbook/table.ts";

export interface Report {
  readonly title: string;
  /** Each of these rights opens it. */
  readonly rights: readonly Right[];
  /** It exists in a model that knows one of these rights. */
  readonly modelRights: readonly Right[];
  readonly columns: readonly [string, ...string[]];
  /** Milliseconds that its period reaches back from now (below 0) or forward, by default. */
  readonly periodMs: number;
}

const ANY_REPORT_RIGHT: Right = "report.download";

/** Every report, by its name in the path. */
export const REPORTS = {
  "expiring-licenses": {
    title: "Licenses, keys and subscriptions that expire in the period",
    rights: [ANY_REPORT_RIGHT, "report.expiring_licenses"],
    modelRights: ["license.view", "license_key.view", "key.view", "sos_license.view", "subscription.view"],
    columns: ["accountId", "type", "id", "name", "expiresAt", "status"],
    periodMs: 30 * DAY_MS,
  },
  "requests-and-keys": {
    title: "Keys, with the license request made last for each in the period",
    rights: [ANY_REPORT_RIGHT, "report.check_requests_and_keys"],
    modelRights: ["request.view"],
    columns: [
      "keyId",
      "key",
      "objectId",
      "status",
      "expiresAt",
      "requests",
      "lastRequestId",
      "lastRequestAt",
      "sosLicenseId",
      "sosExpiresAt",
    ],
    periodMs: -30 * DAY_MS,
  },
  subscriptions: {
    title: "Subscriptions that were bought in the period, of every organization in reach",
    rights: [ANY_REPORT_RIGHT],
    modelRights: ["subscription.view"],
    columns: ["accountId", "organization", "id", "name", "status", "createdAt", "expiresAt"],
    periodMs: -30 * DAY_MS,
  },
  tasks: {
    title: "Tasks that were created in the period",
    rights: [ANY_REPORT_RIGHT],
    modelRights: ["task.view"],
    columns: ["id", "name", "toolId", "status", "updates", "createdAt", "updatedAt"],
    periodMs: -30 * DAY_MS,
  },
  usage: {
    title:
      "What was done and what it cost, by member and action; " +
      "members only for those who may read the audit log",
    rights: [ANY_REPORT_RIGHT],
    modelRights: [ANY_REPORT_RIGHT],
    columns: ["memberId", "action", "count", "credits"],
    periodMs: -30 * DAY_MS,
  },
  downloads: {
    title: "Downloads of theme files; members only for those who may read the audit log",
    rights: [ANY_REPORT_RIGHT],
    modelRights: ["theme.download"],
    columns: ["at", "memberId", "themeId", "file"],
    periodMs: -30 * DAY_MS,
  },
} as const satisfies Record<string, Report>;

export type ReportName = keyof typeof REPORTS;
export const REPORT_NAMES = Object.keys(REPORTS) as [ReportName, ...ReportName[]];

/** Rows of one report at most: a longer one is asked for in shorter periods, never cut off silently. */
export const REPORT_ROWS_MAX = 10_000;

export const ReportQuery = z.strictObject({
  from: dayOrTime
    .optional()
    .describe(
      "ISO 8601, included; a date is a whole day of the account's time zone. " +
        "By default the period reaches 30 days from now: back, or forward for what is to come.",
    ),
  to: dayOrTime.optional().describe("ISO 8601; a time is not included, a date is."),
  format: z.enum(["json", ...TABLE_FORMATS]).default("json"),
});
