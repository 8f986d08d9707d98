import { z } from "zod";
import { refById } from "../../access/decision.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { iso } from "../../kernel/clock.ts";
import { newId } from "../../kernel/id.ts";
import type { Upload } from "../../kernel/http/operation.ts";
import { invalidParameter, Problem } from "../../kernel/http/problem.ts";
import type { ThemeFileRow } from "../../kernel/schema/resource.ts";
import { loadResource } from "../../resources/resource.routes.ts";
import { guardResourceExists } from "../../resources/resource.store.ts";
import {
  FILES_MAX,
  findFile,
  storeBytes,
  listFiles,
  removeBytes,
  removeFile,
  replaceFile,
} from "./theme-file.store.ts";
import { catalogType } from "../../resources/types/catalog.ts";
import { loadTheme } from "./theme.load.ts";
import { message } from "../../kernel/messages/message.ts";

const UPLOAD: Upload = {
  mediaTypes: [
    "application/octet-stream",
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/pdf",
    "text/plain",
  ],
  maxBytes: 20 * 1024 * 1024,
};

/** A name that is valid in a header and on any disk. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const FileCard = z
  .object({
    name: z.string(),
    size: z.number().int().describe("Bytes."),
    sha256: z.string().describe("Hex."),
    contentType: z.string(),
    createdBy: z.string(),
    createdAt: z.string(),
  })
  .meta({ id: "CatalogFile", description: "A file of what the catalog offers." });

const fileCard = ({ name, size, sha256, contentType, createdBy, createdAt }: ThemeFileRow) => ({
  name,
  size,
  sha256,
  contentType,
  createdBy,
  createdAt: iso(createdAt),
});

/** What the trail shows of a file. */
const fileAuditCard = (row: ThemeFileRow | undefined) =>
  row === undefined ? {} : { file: row.name, size: row.size, sha256: row.sha256 };

const FileList = z.object({ data: z.array(FileCard) }).meta({ id: "CatalogFileList" });

const listCatalogFiles = endpoint(
  {
    method: "GET",
    path: "/v1/catalog/:id/files",
    operationId: "listCatalogItemFiles",
    tag: catalogType.title,
    right: "catalog.edit",
    status: 200,
    summary: "The files of what you offer.",
    answer: FileList,
  },
  async (call) => {
    const { row } = await loadResource(call, catalogType, "edit");
    return { status: 200, body: { data: (await call.read(listFiles(call.db, row.id)))[0].map(fileCard) } };
  },
);

const listThemeFiles = endpoint(
  {
    method: "GET",
    path: "/v1/themes/:id/files",
    operationId: "listThemeFiles",
    tag: "Themes",
    right: "theme.download",
    status: 200,
    summary: `The files of a theme, ${FILES_MAX} at most. POST /v1/themes/{id}/downloads links to one.`,
    answer: FileList,
  },
  async (call) => {
    const [row, files] = await loadTheme(call, listFiles(call.db, call.params["id"] ?? ""));
    call.requireRight("theme.download", refById(row.id, row.status));
    return { status: 200, body: { data: files.map(fileCard) } };
  },
);

const putFile = endpoint(
  {
    method: "PUT",
    path: "/v1/catalog/:id/files/:name",
    operationId: "putCatalogItemFile",
    tag: catalogType.title,
    right: "catalog.edit",
    status: 200,
    upload: UPLOAD,
    summary: "Put a file in, in the place of another of this name. It is sent as the body, as it is.",
    answer: FileCard,
    problems: ["conflict/state"],
  },
  async (call) => {
    const { row } = await loadResource(call, catalogType, "edit");
    const name = call.params["name"] ?? "";
    if (!FILE_NAME.test(name)) throw invalidParameter("name", message("products.fileName"));
    const [files] = await call.read(listFiles(call.db, row.id));
    const before = files.find((file) => file.name === name);
    if (before === undefined && files.length >= FILES_MAX)
      throw new Problem("conflict/state", { detail: message("products.filesMax", { max: FILES_MAX }) });
    const { id, sha256, size, contentType } = await storeFile(call);
    const after: ThemeFileRow = {
      themeId: row.id,
      name,
      id,
      size,
      sha256,
      contentType,
      createdBy: call.principal.memberId,
      createdAt: call.now,
    };
    const answer = await call.commit(
      {
        statements: [guardResourceExists(call.db, row), ...replaceFile(call.db, after, before)],
        events: [
          call.event(
            "catalog.edit",
            { type: catalogType.name, id: row.id },
            { changes: { before: fileAuditCard(before), after: fileAuditCard(after) } },
          ),
        ],
      },
      { status: 200, body: fileCard(after) },
    );
    if (before !== undefined) call.defer(removeBytes(call.db, call.env.FILES, [before.id]));
    return answer;
  },
);

/**
 * The bytes come first, under an id that nothing names yet: what fails from here on leaves bytes for the
 * sweep, and no row without bytes.
 */
async function storeFile(call: Call) {
  const id = newId("themeFile", call.now);
  const stored = await call.upload(async (file) => ({
    id,
    size: file.size,
    contentType: file.contentType,
    sha256: await storeBytes(call.db, call.env.FILES, id, file, call.now),
  }));
  if (stored.sha256 === null)
    throw new Problem("malformed", {
      detail: message("products.fileBroken"),
    });
  return { ...stored, sha256: stored.sha256 };
}

const remove = endpoint(
  {
    method: "DELETE",
    path: "/v1/catalog/:id/files/:name",
    operationId: "deleteCatalogItemFile",
    tag: catalogType.title,
    right: "catalog.edit",
    status: 204,
    summary: "Remove a file. Links to it lead nowhere from then on.",
  },
  async (call) => {
    const { row } = await loadResource(call, catalogType, "edit");
    const [[file]] = await call.read(findFile(call.db, row.id, call.params["name"] ?? ""));
    if (file === undefined) throw new Problem("not-found");
    const event = call.event(
      "catalog.edit",
      { type: catalogType.name, id: row.id },
      { changes: { before: fileAuditCard(file), after: {} } },
    );
    const answer = await call.commit(
      { statements: removeFile(call.db, file), events: [event] },
      { status: 204 },
    );
    call.defer(removeBytes(call.db, call.env.FILES, [file.id]));
    return answer;
  },
);

export const themeFileEndpoints: readonly Endpoint[] = [listCatalogFiles, listThemeFiles, putFile, remove];
