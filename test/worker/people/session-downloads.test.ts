import { expect, test } from "vitest";
import { api, ok, reply } from "../../harness/client.ts";
import { signIn } from "../../harness/sign-in.ts";
import { fetch, said } from "../access/operators-world.ts";
import { arrived } from "./sign-in-world.ts";
import { foundPlatformKey, newTeam, newTheme, provisioned, upload } from "../access/team-world.ts";

test("S1.21, S2.21: a session's download link ends with the session, and with a block", async () => {
  const platformKey = await foundPlatformKey();
  const platform = api(fetch, platformKey);
  const { admin } = await newTeam(platform);
  const theme = await newTheme(platform);
  ok(await upload(platformKey, `/v1/catalog/${theme}/files/aurora.zip`, new TextEncoder().encode("PK")), 200);
  await provisioned(admin, theme);
  const member = await arrived(admin);
  const made = async (session = member.api) =>
    new URL(
      ok(await session.post<{ url: string }>(`/v1/themes/${theme}/downloads`, { file: "aurora.zip" }), 200)
        .body.url,
    ).pathname;
  const follow = async (path: string) => said(await reply(await fetch(path)));
  const link = await made();
  expect(await follow(link)).toBe("200");
  ok(await admin.api.post(`/v1/members/${member.id}/block`), 200);
  expect(await follow(link)).toBe("404 not-found");
  ok(await admin.api.post(`/v1/members/${member.id}/unblock`), 200);
  // The session ended with the block: only another one makes a link again.
  expect(await follow(link)).toBe("404 not-found");
  const { api: again } = await signIn(fetch, member.email);
  const next = await made(again);
  expect(await follow(next)).toBe("200");
  ok(await again.del("/v1/auth/session"), 204);
  expect(await follow(next)).toBe("404 not-found");
});
