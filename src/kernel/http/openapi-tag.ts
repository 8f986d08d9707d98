/** A heading of the description. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

const tag = (name: string, description: string): Tag => ({ name, description });

/** In the order in which a reader meets them: the caller, people, what is sold, money, records. */
export const TAGS: readonly Tag[] = [
  tag("Sign-in", "Sign in as a person by mail, or as a program with an API key. Start and end sessions."),
  tag("API keys", "Keys of programs: create them, narrow them to rights and addresses, revoke them."),
  tag("Members", "People and programs of an account: their cards, access, statistics and events."),
  tag("Invitations", "Invite people by mail, one or many. Make links by which employees join."),
  tag(
    "Roles and rights",
    "The rights, roles and grants of the account's access model, and roles of its own.",
  ),
  tag("Mail", "Notices to members, and how a reader ends them."),
  tag("Accounts", "Your account and its owner. The platform creates accounts and sets plans here."),
  tag("Platform", "Credits that the platform gives to an account."),
  tag("Tiers", "What an account can subscribe to, with its features and monthly credits."),
  tag("Products", "Software that a vendor licenses."),
  tag("License keys", "Keys of a product, each for a customer, with an end and a number of machines."),
  tag("Machine codes", "Machines on which a license key is in use."),
  tag("Data objects", "Named values of a product, a license key or a machine."),
  tag("Customers", "People and companies that license keys are made for."),
  tag("Access tokens", "Secrets with which a vendor's own programs reach its products."),
  tag("Catalog", "What an account offers to others: themes and services, with their files."),
  tag("Themes", "Files of a licensed theme, and links to download them."),
  tag("Licenses", "Licenses of themes: provisioned from credits or purchased on an invoice."),
  tag("Organizations", "Accounts below yours in a marketplace: sellers and customers."),
  tag("Subscriptions", "What an organization has purchased from its seller's catalog."),
  tag("Markups", "Percentages that a seller puts on the prices of a catalog."),
  tag("Products and services for quotes", "Items with options and prices that quotes are put together from."),
  tag("Forms", "Forms that customers fill in, with their fields."),
  tag("Dealers", "A dealer, its sub-dealers and their data."),
  tag("Corporations", "Companies that the objects of a dealer belong to."),
  tag("Objects", "Sites that a dealer looks after, with their keys."),
  tag("Object groups", "Groups of objects. A member sees the objects of some groups."),
  tag("Keys", "Keys of an object. A license for days is generated on a key."),
  tag("License requests", "Licenses that were generated on keys, one row for each."),
  tag("SOS licenses", "Emergency licenses of a few days, once for each key."),
  tag("Aggregator licenses", "Licenses with a token for the aggregators of a dealer."),
  tag("Tools", "Tools of an agency. Work with a tool costs credits."),
  tag("Tasks", "Work with a tool. To create a task and to run it again costs credits."),
  tag("Billing", "Tier, billing address and payment card of the account."),
  tag("Invoices", "What the account owes."),
  tag("Credits", "Spend credits, read what is left, and read or export the ledger."),
  tag("Analytics", "Counts of the account's objects."),
  tag("Reports", "Tables as JSON, CSV or Excel."),
  tag("Audit", "The sealed audit log, the log of objects and the log of calls."),
  tag("Hooks", "Inbound webhooks: messages of other systems that invite, block or give credits."),
  tag("Documentation", "This description, all problem codes, and the state of the gate."),
];
