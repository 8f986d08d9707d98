import { beforeAll, describe, expect, test } from "vitest";
import { api, expectStatus, type Problem, type Reply } from "../../harness/client.ts";
import { newAccount, newApiKey, type Person } from "../../harness/people.ts";
import { nextClientIp, type Tokens } from "../../harness/sign-in.ts";
import { OTHER_IP, fetch, createPlatform, HOME_IP, said } from "../access/operators-fixture.ts";
import { fetchWithDelayedWrite } from "../gate/delayed-write.ts";
import {
  addSignedInMember,
  signInWith,
  addMember,
  readRow,
  requestMail,
  refreshSession,
  listEvents,
} from "./sign-in-fixture.ts";

let owner: Person;
beforeAll(async () => {
  owner = await newAccount(fetch, await createPlatform(), "team");
});

const block = (id: string) =>
  owner.api.post(`/v1/members/${id}/block`).then((answer) => expectStatus(answer, 200));
const allow = async (id: string, ip: string) =>
  expectStatus(
    await owner.api.patch(
      `/v1/members/${id}`,
      { allowedIps: [ip] },
      { ifMatch: expectStatus(await owner.api.get(`/v1/members/${id}`), 200).headers.get("etag") ?? "" },
    ),
    200,
  );

/** Signs in from home; before the session is written, `between` is done and acknowledged. */
const signInWhile = (between: () => Promise<unknown>, body: object): Promise<Reply<Problem & Tokens>> =>
  api(fetchWithDelayedWrite(between), null).post<Problem & Tokens>("/v1/auth/sessions", body, {
    ip: HOME_IP,
  });
const refreshWhile = (between: () => Promise<unknown>, token: string): Promise<Reply<Problem & Tokens>> =>
  api(fetchWithDelayedWrite(between, 1), null).post<Problem & Tokens>(
    "/v1/auth/refresh",
    { refresh_token: token },
    { ip: HOME_IP },
  );
const sessionsOf = async (id: string) =>
  (await readRow("SELECT count(*) AS n FROM session WHERE member_id = ?", id))?.["n"];
const activations = async (id: string) =>
  (await listEvents(owner.accountId, "member.activate")).filter(
    ({ resource }) => (resource as { id: string }).id === id,
  ).length;

describe("between the check and the session", () => {
  test("S2.21: a block: no session, and it is refused as blocked", async () => {
    const { id, email } = await addSignedInMember(owner);
    const { code } = await requestMail(email);
    expect(said(await signInWhile(() => block(id), { email, code }))).toBe("401 auth/blocked");
    expect(await sessionsOf(id)).toBe(1);
  });

  test("S4.11: an address rule: no session", async () => {
    const { id, email } = await addSignedInMember(owner);
    const { code } = await requestMail(email);
    expect(said(await signInWhile(() => allow(id, OTHER_IP), { email, code }))).toBe("403 ip/not-allowed");
    expect(await sessionsOf(id)).toBe(1);
  });

  test("S2.21: a block before an acceptance is written: neither accepted nor signed in", async () => {
    const { id, email } = await addMember(owner);
    const { code } = await requestMail(email);
    expect(said(await signInWhile(() => block(id), { email, code, accountId: owner.accountId }))).toBe(
      "401 auth/invalid-credential",
    );
    expect([
      await sessionsOf(id),
      await activations(id),
      (await readRow("SELECT user_id AS person FROM member WHERE id = ?", id))?.["person"],
    ]).toEqual([0, 0, null]);
  });

  test("S2.19: a claimed key: the member has joined, and the invitation lets no other in", async () => {
    const { id, email } = await addMember(owner);
    const { code } = await requestMail(email);
    expect(
      said(await signInWhile(() => newApiKey(fetch, owner, id), { email, code, accountId: owner.accountId })),
    ).toBe("401 auth/invalid-credential");
    expect([
      await activations(id),
      await sessionsOf(id),
      (await readRow("SELECT status FROM member WHERE id = ?", id))?.["status"],
    ]).toEqual([0, 0, "active"]);
  });

  test("another use of the code: refused", async () => {
    const { id, email } = await addSignedInMember(owner);
    const { code, token } = await requestMail(email);
    expect(
      said(await signInWhile(async () => expectStatus(await signInWith({ token }), 201), { email, code })),
    ).toBe("401 auth/invalid-credential");
    expect(await sessionsOf(id)).toBe(2);
  });
});

describe("between the check and the refresh", () => {
  test("S2.21: a block: refused, and the session is over: unblocking does not bring it back", async () => {
    const { id, tokens } = await addSignedInMember(owner);
    expect(said(await refreshWhile(() => block(id), tokens.refresh_token))).toBe(
      "401 auth/invalid-credential",
    );
    expectStatus(await owner.api.post(`/v1/members/${id}/unblock`), 200);
    expect(said(await refreshSession(tokens.refresh_token))).toBe("401 auth/invalid-credential");
  });

  test("another refresh with the same token: refused, and the session is over", async () => {
    const { tokens } = await addSignedInMember(owner);
    let faster: Tokens | undefined;
    expect(
      said(
        await refreshWhile(async () => {
          faster = expectStatus(await refreshSession(tokens.refresh_token, { ip: nextClientIp() }), 200).body;
        }, tokens.refresh_token),
      ),
    ).toBe("401 auth/invalid-credential");
    expect(said(await api(fetch, faster?.access_token ?? "").get("/v1/me"))).toBe(
      "401 auth/invalid-credential",
    );
  });

  test("the end of the session: refused, and it stays ended", async () => {
    const { api: session, tokens } = await addSignedInMember(owner);
    expect(
      said(
        await refreshWhile(
          async () => expectStatus(await session.del("/v1/auth/session"), 204),
          tokens.refresh_token,
        ),
      ),
    ).toBe("401 auth/invalid-credential");
    expect(said(await session.get("/v1/me"))).toBe("401 auth/invalid-credential");
  });
});
