import { expect, test } from "vitest";
import { api, expectStatus, toReply } from "../../harness/client.ts";
import { signIn } from "../../harness/sign-in.ts";
import { fetch, said } from "../access/operators-fixture.ts";
import { addSignedInMember } from "./sign-in-fixture.ts";
import { createPlatformKey, createTeam, newTheme, provisionLicense, upload } from "../access/team-fixture.ts";

test("S1.21, S2.21: a session's download link ends with the session, and with a block", async () => {
  const platformKey = await createPlatformKey();
  const platform = api(fetch, platformKey);
  const { admin } = await createTeam(platform);
  const theme = await newTheme(platform);
  expectStatus(
    await upload(platformKey, `/v1/catalog/${theme}/files/aurora.zip`, new TextEncoder().encode("PK")),
    200,
  );
  await provisionLicense(admin, theme);
  const member = await addSignedInMember(admin);
  const made = async (session = member.api) =>
    new URL(
      expectStatus(
        await session.post<{ url: string }>(`/v1/themes/${theme}/downloads`, { file: "aurora.zip" }),
        200,
      ).body.url,
    ).pathname;
  const follow = async (path: string) => said(await toReply(await fetch(path)));
  const link = await made();
  expect(await follow(link)).toBe("200");
  expectStatus(await admin.api.post(`/v1/members/${member.id}/block`), 200);
  expect(await follow(link)).toBe("404 not-found");
  expectStatus(await admin.api.post(`/v1/members/${member.id}/unblock`), 200);
  // The session ended with the block: only another one makes a link again.
  expect(await follow(link)).toBe("404 not-found");
  const { api: again } = await signIn(fetch, member.email);
  const next = await made(again);
  expect(await follow(next)).toBe("200");
  expectStatus(await again.del("/v1/auth/session"), 204);
  expect(await follow(next)).toBe("404 not-found");
});
