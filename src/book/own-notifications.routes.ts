import { difference } from "../audit/difference.ts";
import { type Endpoint, endpoint } from "../identity/call.ts";
import { findMember } from "../identity/member.store.ts";
import { definite } from "../kernel/body.ts";
import { Problem } from "../kernel/problem.ts";
import { nextVersion } from "../kernel/version.ts";
import { DEFAULT_NOTIFICATIONS } from "../mail/notice.ts";
import { type MemberRow, Notifications } from "../team/member.card.ts";
import { permitMember } from "../team/member.change.ts";
import { guardMember, updateMember } from "../team/member.store.ts";

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/me/notifications",
    tag: "Members",
    right: "self",
    status: 200,
    summary: "Choose which mails you want. Those that signing in and security need are always sent.",
    body: Notifications.partial(),
    answer: Notifications,
  },
  async (call) => {
    const {
      memberId,
      home: { accountId },
    } = call.principal;
    const [[found]] = await call.read(findMember(call.db, accountId, memberId));
    const patch = await call.body();
    if (found === undefined) throw new Problem("not-found");
    const { row } = found;
    const after: MemberRow = nextVersion(
      row,
      { ...row, notifications: { ...row.notifications, ...definite(patch) } },
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
            { accountId, changes: difference({ notifications: was }, { notifications: is }) },
          ),
        ],
      },
      { status: 200, body: is },
    );
  },
);

export const ownNotificationEndpoints: readonly Endpoint[] = [edit];
