//! Entitlements of everybody and of the business.

use super::{Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "intranet:read",
        "Read the intranet",
        "workplace_owners",
        "intranet",
    )
    .sensitivity("internal")
    .standing("Everybody who works here reads it"),
    entry("wiki:read", "Read the wiki", "workplace_owners", "wiki")
        .sensitivity("internal")
        .standing("Everybody who works here reads it"),
    entry(
        "wiki:write",
        "Write in the wiki",
        "workplace_owners",
        "wiki",
    )
    .narrower("wiki:read"),
    entry(
        "chat:write",
        "Talk to colleagues",
        "workplace_owners",
        "chat",
    )
    .standing("Everybody who works here uses it"),
    entry("training:read", "Take courses", "people_owners", "training"),
    entry(
        "training:write",
        "Offer courses",
        "people_owners",
        "training",
    )
    .narrower("training:read"),
    entry(
        "travel:book",
        "Book journeys within the travel rules",
        "workplace_owners",
        "travel desk",
    ),
    entry(
        "expense:submit",
        "Hand in expenses",
        "finance_controls",
        "expenses",
    ),
    entry(
        "expense:approve",
        "Approve expenses of one's own team",
        "finance_controls",
        "expenses",
    ),
    entry(
        "leave-planner:read",
        "See who is away",
        "people_owners",
        "leave planner",
    ),
    entry(
        "leave-planner:write",
        "Enter who is away",
        "people_owners",
        "leave planner",
    )
    .narrower("leave-planner:read"),
    entry("vendor:view", "See vendors", "procurement_owners", "erp"),
    entry(
        "vendor:create",
        "Create vendors, with their bank accounts",
        "procurement_owners",
        "erp",
    )
    .narrower("vendor:view"),
    entry(
        "purchase-order:view",
        "See orders",
        "procurement_owners",
        "erp",
    ),
    entry(
        "purchase-order:create",
        "Order from vendors",
        "procurement_owners",
        "erp",
    )
    .narrower("purchase-order:view"),
    entry(
        "goods-receipt:view",
        "See what arrived",
        "procurement_owners",
        "erp",
    ),
    entry(
        "goods-receipt:confirm",
        "Confirm that goods arrived",
        "procurement_owners",
        "erp",
    )
    .narrower("goods-receipt:view"),
    entry("invoice:view", "See invoices", "finance_controls", "erp"),
    entry("invoice:enter", "Enter invoices", "finance_controls", "erp").narrower("invoice:view"),
    entry(
        "invoice:release",
        "Release invoices for payment",
        "finance_controls",
        "erp",
    )
    .narrower("invoice:view"),
    entry("payment:view", "See payments", "finance_controls", "erp"),
    entry(
        "payment:approve",
        "Approve payments to vendors",
        "finance_controls",
        "erp",
    ),
    entry(
        "journal:view",
        "See the general ledger",
        "finance_controls",
        "ledger",
    ),
    entry(
        "journal:post",
        "Post to the general ledger",
        "finance_controls",
        "ledger",
    )
    .narrower("journal:view"),
    entry(
        "period-close:view",
        "See which months are closed",
        "finance_controls",
        "ledger",
    ),
    entry(
        "period-close:approve",
        "Close a month for good",
        "finance_controls",
        "ledger",
    ),
    entry(
        "books:view",
        "See the annual accounts",
        "finance_controls",
        "ledger",
    )
    .sensitivity("confidential"),
    entry(
        "books:audit",
        "Examine the annual accounts for the auditor",
        "finance_controls",
        "ledger",
    )
    .sensitivity("confidential")
    .narrower("books:view"),
    entry(
        "card-ledger:read",
        "See what company cards paid for",
        "finance_controls",
        "cards",
    )
    .sensitivity("confidential"),
    entry(
        "card-ledger:write",
        "Correct what company cards paid for",
        "finance_controls",
        "cards",
    )
    .sensitivity("confidential")
    .narrower("card-ledger:read"),
    entry(
        "refund:request",
        "Ask for a customer's refund",
        "support_owners",
        "support desk",
    ),
    entry(
        "refund:approve",
        "Pay a customer's refund",
        "finance_controls",
        "support desk",
    )
    .narrower("refund:request"),
    entry(
        "support-desk:read",
        "Read tickets of customers",
        "support_owners",
        "support desk",
    ),
    entry(
        "support-desk:write",
        "Answer tickets of customers",
        "support_owners",
        "support desk",
    )
    .narrower("support-desk:read"),
    entry(
        "customer-profile:read",
        "See one customer's profile at a time",
        "support_owners",
        "customer profiles",
    )
    .sensitivity("confidential"),
    entry(
        "customer-profile:write",
        "Change a customer's profile",
        "support_owners",
        "customer profiles",
    )
    .sensitivity("confidential")
    .narrower("customer-profile:read"),
    entry(
        "customer-data:export",
        "Take data of all customers away",
        "data_owners",
        "customer profiles",
    )
    .sensitivity("restricted")
    .maximum("1d")
    .reach(40_000, 9_000_000, 1),
    entry(
        "pii:read",
        "Read personal data without a mask",
        "data_owners",
        "customer profiles",
    )
    .sensitivity("restricted")
    .maximum("7d"),
    entry(
        "crm:read",
        "See leads and customers of sales",
        "sales_owners",
        "crm",
    ),
    entry(
        "crm:write",
        "Work on leads and customers of sales",
        "sales_owners",
        "crm",
    )
    .narrower("crm:read"),
    entry(
        "crm:export",
        "Take lists of leads away",
        "sales_owners",
        "crm",
    )
    .sensitivity("confidential")
    .narrower("crm:read")
    .reach(12_000, 60_000, 1),
    entry(
        "product-catalog:read",
        "See what is sold at which price",
        "sales_owners",
        "product catalog",
    ),
    entry(
        "contract-archive:read",
        "Read signed contracts",
        "legal_owners",
        "contracts",
    )
    .sensitivity("confidential"),
    entry(
        "contract-archive:write",
        "File signed contracts",
        "legal_owners",
        "contracts",
    )
    .sensitivity("confidential")
    .narrower("contract-archive:read"),
    entry(
        "marketing-site:read",
        "See drafts of the web site",
        "marketing_owners",
        "web site",
    ),
    entry(
        "marketing-site:write",
        "Change drafts of the web site",
        "marketing_owners",
        "web site",
    )
    .narrower("marketing-site:read"),
    entry(
        "newsletter:write",
        "Send the newsletter",
        "marketing_owners",
        "newsletter",
    )
    .reach(90, 0, 0),
    entry(
        "hr-directory:read",
        "See positions and teams",
        "people_owners",
        "people records",
    )
    .sensitivity("internal"),
    entry(
        "hr-records:read",
        "Read personal files of employees",
        "people_owners",
        "people records",
    )
    .sensitivity("restricted"),
    entry(
        "hr-records:write",
        "Change personal files of employees",
        "people_owners",
        "people records",
    )
    .sensitivity("restricted")
    .narrower("hr-records:read"),
    entry(
        "payroll:view",
        "See who earns what",
        "people_owners",
        "payroll",
    )
    .sensitivity("restricted"),
    entry("payroll:run", "Pay salaries", "people_owners", "payroll")
        .sensitivity("restricted")
        .narrower("payroll:view"),
    entry(
        "recruiting:read",
        "See applications",
        "people_owners",
        "recruiting",
    )
    .sensitivity("confidential"),
    entry(
        "recruiting:write",
        "Work on applications",
        "people_owners",
        "recruiting",
    )
    .sensitivity("confidential")
    .narrower("recruiting:read"),
    entry("bi-reports:read", "See reports", "data_owners", "reports"),
    entry("bi-reports:write", "Make reports", "data_owners", "reports").narrower("bi-reports:read"),
    entry(
        "warehouse-masked:read",
        "Query the data warehouse, personal data masked",
        "data_owners",
        "data warehouse",
    ),
    entry(
        "warehouse-raw:read",
        "Query the data warehouse without a mask",
        "data_owners",
        "data warehouse",
    )
    .sensitivity("restricted")
    .tags(&["unmasked"])
    .narrower("warehouse-masked:read")
    .reach(40_000, 90_000_000, 1),
    entry(
        "warehouse:read",
        "See which data there is",
        "data_owners",
        "data warehouse",
    ),
    entry(
        "warehouse:write",
        "Change tables of the data warehouse",
        "data_owners",
        "data warehouse",
    )
    .narrower("warehouse:read"),
    entry(
        "warehouse:export",
        "Take tables of the data warehouse away",
        "data_owners",
        "data warehouse",
    )
    .narrower("warehouse:read")
    .maximum("2d"),
    entry(
        "data-masking:view",
        "See what is masked",
        "data_owners",
        "data warehouse",
    ),
    entry(
        "data-masking:configure",
        "Change what is masked",
        "data_owners",
        "data warehouse",
    )
    .narrower("data-masking:view"),
];
