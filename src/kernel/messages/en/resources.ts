export const RESOURCES = {
  parentGone: "The parent object was deleted.",
  parentRetired: "The parent object is no longer offered.",
  namesNothing: ({ field }: { field: string }) =>
    `${field} does not name an object that this credential may see.`,
  hidden: "does not name an object that you may see",
  otherAccountAdds: "These objects belong to another account, and only its members add to them.",
  otherAccountChanges: "This object belongs to another account, and only its members change it.",
  severalGroups: "must name one of your object groups: you have several",
  status: ({ status }: { status: string }) => `Its status is ${status}.`,
  finalStatus: ({ status }: { status: string }) =>
    `Its status is ${status}, and it cannot be changed any more.`,
  fixedAttributes: ({ fields }: { fields: readonly string[] }) =>
    `${fields.join(" and ")} cannot be changed any more: other objects were made with them.`,
  oneParent: "filter by one parent at a time",
  oneOfParents: ({ fields }: { fields: readonly string[] }) => `send exactly one of ${fields.join(", ")}`,
  eitherField: ({ first, second }: { first: string; second: string }) => `send either ${first} or ${second}`,
  fieldName: "must be a name such as orderNumber",
  fieldTwice: "names a field twice",
  invoiceStatus: ({ status }: { status: string }) => `The status of the invoice is ${status}.`,
  subscriptionStatus: ({ status }: { status: string }) => `The status of the subscription is ${status}.`,
  invoiceSum: "have a sum that is too large for one invoice",
  sosDaysSaas: ({ days }: { days: number }) => `must be ${days}: this key is licensed by subscription`,
  sosDays: ({ min, max }: { min: number; max: number }) => `must be ${min} to ${max}`,
  slug: "must be lower-case letters, digits and hyphens",
};
