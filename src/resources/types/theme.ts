import { declareType } from "./declaration.ts";

/**
 * A theme of the catalog, where an account restricts its members theme by theme. What may be done with it is
 * the role's.
 */
export const themeType = declareType({
  name: "theme",
  title: "Themes",
  rights: {
    license: "Where themes are restricted one by one: provision and download this theme.",
    download: "Download the files of a licensed theme.",
  },
  grants: "each",
  levels: { view: ["license"], edit: ["license"], owner: ["license"] },
  derives: {},
  isGrouped: false,
  grantedType: "catalog",
  ownedBy: { team: "platform" },
  stored: null,
});
