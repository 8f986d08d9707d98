import { diffFields } from "../../audit/chain/difference.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import { DEFAULT_NOTIFICATIONS } from "../../channels/mail/notice.ts";
import { type MemberRow, Notifications } from "../members/member.card.ts";
import { permitMember } from "../members/member.load.ts";
import { guardMember, updateMember } from "../members/member.store.ts";

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/me/notifications",
    operationId: "updateOwnNotifications",
    tag: "Members",
    right: "self",
    status: 200,
    summary: "Choose which mails you want. Those that signing in and security need are always sent.",
    body: Notifications.partial().meta({ id: "NotificationsPatch" }),
    answer: Notifications,
  },
  async (call) => {
    const {
      memberId,
      ownAccount: { accountId },
    } = call.principal;
    const [[found]] = await call.read(findMember(call.db, accountId, memberId));
    const patch = await call.body();
    if (found === undefined) throw new Problem("not-found");
    const { row } = found;
    const after: MemberRow = nextVersion(
      row,
      { ...row, notifications: { ...row.notifications, ...omitUndefined(patch) } },
      call.now,
    );
    const [was, is] = [
      { ...DEFAULT_NOTIFICATIONS, ...row.notifications },
      { ...DEFAULT_NOTIFICATIONS, ...after.notifications },
    ];
    if (after === row) return { status: 200, body: is };
    const permit = await permitMember(call, found, after, found.grants);
    return call.commit(
      {
        statements: [guardMember(call.db, row), updateMember(call.db, permit, after)],
        events: [
          call.event(
            "member.edit",
            { type: "member", id: row.id },
            { accountId, changes: diffFields({ notifications: was }, { notifications: is }) },
          ),
        ],
      },
      { status: 200, body: is },
    );
  },
);

export const ownNotificationEndpoints: readonly Endpoint[] = [edit];
