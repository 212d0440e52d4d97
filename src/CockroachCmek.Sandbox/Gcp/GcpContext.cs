using CockroachCmek.Sandbox.Gcp.Logs;

namespace CockroachCmek.Sandbox.Gcp;

/// <summary>What CockroachDB and Vault use in the sandbox's Google Cloud without HTTP.</summary>
internal sealed record GcpContext(
    GcpAccounts Accounts,
    GcpAccess Access,
    GcpGuards Guards,
    IamDenyPolicies DenyPolicies,
    KmsKeys Keys,
    KmsDirectImport Imports,
    GcpAuditLog Log
);
