namespace CockroachCmek.Sandbox.Gcp;

/// <summary>Prepared messes in Google Cloud. They concern the cluster gcp-us, which then uses CMEK.</summary>
internal static class GcpScenarios
{
    private const string Cluster = "gcp-us";
    private const string Use = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    private const string Group = "cmek-users@example.com";

    public static IReadOnlyList<SandboxScenario> All { get; } =
    [
        new("ProjectRole", "gcp-us: the service account has its role on the whole project, not on its key.", server =>
            Change(server, (gcp, key, written) => gcp.Access.MoveToProject(key.Uri, Use, written))
        ),
        new(
            "GroupAccess",
            "gcp-us: a group has the role on the key. Nobody may read who is in it; the service account is.",
            server => Change(server, (gcp, key, written) =>
                {
                    server.Gcp.SetGroup(Group, "serviceAccount:" + key.AuthPrincipal);
                    gcp.Access.Replace(
                        key.Uri,
                        [new GcpBinding(Use, [new GcpMember("group:" + Group, null)], null)],
                        written
                    );
                })
        ),
        new("AllAuthenticatedUsers", "gcp-us: allAuthenticatedUsers may use the key.", server =>
            Change(server, (gcp, key, written) =>
            {
                var everybody = new GcpBinding(Use, [new GcpMember("allAuthenticatedUsers", null)], null);
                var bindings = gcp.Access.Current(key.Uri).Bindings;
                if (!bindings.Any(b => b.Members.Any(m => m.IsPublic)))
                    gcp.Access.Replace(key.Uri, [.. bindings, everybody], written);
            })
        ),
        new(
            "AccessLevel",
            "gcp-us: the role on the key has a condition on an access level, which requests of the sandbox have.",
            server => Change(server, (gcp, key, written) =>
                {
                    const string Level = "accessPolicies/1/accessLevels/corp";
                    server.Gcp.SetAccessLevels(Level);
                    var condition = new GcpCondition("corp", null, $"\"{Level}\" in request.auth.access_levels");
                    var bindings = gcp.Access.Current(key.Uri).Bindings;
                    gcp.Access.Replace(key.Uri, [.. bindings.Select(b => b with { Condition = condition })], written);
                })
        ),
        new("DenyPolicy", "gcp-us: a deny policy of the organization takes decryption from everybody.", server =>
            Change(server, (gcp, _, written) =>
            {
                var everybody = new GcpDenyMember("principalSet://goog/public:all", new GcpMember("allUsers", null));
                string[] decrypt = ["cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt"];
                var rule = new GcpDenyRule("No decryption with customers' keys", [everybody], [], decrypt, [], null);
                gcp.DenyPolicies.Seed(
                    new GcpDenyPolicy(GcpHierarchy.Organization, "no-decryption", [rule])
                    {
                        Created = written,
                        Written = written,
                    }
                );
            })
        ),
        new(
            "DeletedMember",
            "gcp-us: the service account was deleted and made anew; the grants are those of the deleted one.",
            server => Change(server, (gcp, key, _) =>
                {
                    var account = gcp.Accounts.Find(key.AuthPrincipal)!;
                    var yesterday = server.Clock.UtcNow.AddDays(-1);
                    account.Deleted = yesterday;
                    gcp.Accounts.Add(account.Project, account.Email.Split('@')[0], yesterday);
                })
        ),
        new(
            "Perimeter",
            "Cloud KMS is behind a perimeter of VPC Service Controls that lets only the service account of gcp-us in.",
            server =>
                server.Gcp.SetPerimeter(
                    ["cloudkms.googleapis.com"],
                    "serviceAccount:" + server.UseCmek(Cluster).AuthPrincipal
                )
        ),
        new(
            "OrganizationPolicy",
            "Members of other organizations are not allowed in policies, and keys belong in the EU at HSM level.",
            server =>
            {
                server.Gcp.RestrictMembers = true;
                server.Gcp.Enforce(GcpConstraints.Locations, "in:europe-locations");
                server.Gcp.Enforce(GcpConstraints.ProtectionLevels, "HSM");
            }
        ),
    ];

    /// <summary>Changes the key of the cluster as somebody did 300 days ago.</summary>
    private static void Change(SandboxServer server, Action<GcpContext, Cloud.SandboxKeySpec, DateTimeOffset> change)
    {
        var key = server.UseCmek(Cluster);
        server.Gcp.Locked(gcp =>
        {
            change(gcp, key, server.Clock.UtcNow.AddDays(-300));
            return true;
        });
    }
}
