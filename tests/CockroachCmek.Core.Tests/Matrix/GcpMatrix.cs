using System.Text.RegularExpressions;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Gcp;
using CockroachCmek.Core.Tests.Gcp;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Cloud;
using CockroachCmek.Sandbox.Gcp;
using CryptoKey = CockroachCmek.Sandbox.Gcp.CryptoKey;
using GcpHierarchy = CockroachCmek.Sandbox.Gcp.GcpHierarchy;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>The matrix on Google Cloud.</summary>
public sealed class GcpMatrix : MatrixCloud
{
    private const string Use = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
    private const string Group = "cmek-users@example.com";
    private const string Stranger = "roles/viewer";

    internal static ICustomerCloud Cloud { get; } = new GcpCustomerCloud();

    /// <summary>The states that this cloud does not have, with the reason.</summary>
    internal static IReadOnlyDictionary<MatrixState, string> Absent { get; } =
        new Dictionary<MatrixState, string>
        {
            [MatrixState.ExtraReplica] = "there, a key in several regions has one policy.",
            [MatrixState.IdentityPolicy] = "Google Cloud grants on resources only, not in policies of identities.",
        };

    internal override string Name => Cloud.DisplayName;

    private protected override (string Cluster, string Neighbour) Names => ("gcp-eu", "gcp-us");

    private protected override IKeyUser User => new GcpKeyUser(Server.Gcp, Server.Clock);

    private DateTimeOffset LongAgo => Server.Clock.UtcNow.AddDays(-300);

    private protected override ICmekKeyProvider Connect(bool expired) =>
        new GcpKeyProvider(
            new GcpCustomerCloud(),
            new GcpConnection
            {
                Endpoint = Server.GcpEndpoint,
                AccessToken = new Secret(expired ? "expired" : Server.Gcp.AccessToken),
                Project = GcpWorld.Project,
            }
        );

    internal override string Dump() =>
        Server.Gcp.Locked(gcp =>
        {
            var lines = new List<string>();
            foreach (var spec in Info.EveryKey().Concat([Past]).DistinctBy(k => k.KeyUri))
            {
                var key = gcp.Keys.Find(spec.KeyUri)!;
                lines.AddRange(key.Versions.Select(v => $"{v.Name} {v.State}"));
                lines.AddRange(Bindings(gcp, key.Name));
                lines.AddRange(Bindings(gcp, GcpWorld.RingOf(key.Name)));
            }

            var account = gcp.Accounts.Find(Past.AuthPrincipal)!;
            lines.Add($"{account.Email} disabled: {account.Disabled}");
            lines.AddRange(Bindings(gcp, IamAccounts.Resource(account)));
            lines.AddRange(Bindings(gcp, "projects/" + GcpWorld.Project));
            return string.Join("\n", lines.Order(StringComparer.Ordinal));
        });

    private protected override void Arrange(MatrixState state)
    {
        switch (state)
        {
            case MatrixState.StalePrincipal:
                AddStale();
                break;
            case MatrixState.GrantsLocked:
                Deny("cloudkms.googleapis.com/cryptoKeys.setIamPolicy");
                break;
            case MatrixState.IdentityLocked:
                Deny("iam.googleapis.com/serviceAccounts.disable", "iam.googleapis.com/serviceAccounts.setIamPolicy");
                break;
            case MatrixState.KeysLocked:
                Deny("cloudkms.googleapis.com/cryptoKeyVersions.update");
                break;
            case MatrixState.PastKeyUnreadable:
                Refuse($"{Regex.Escape(Past.KeyUri)}[:/? ]");
                break;
            case MatrixState.PastKeyUnchangeable:
                Refuse($"^(PATCH .*{Regex.Escape(Past.KeyUri)}/|POST .*{Regex.Escape(Past.KeyUri)}:setIamPolicy)");
                break;
            case MatrixState.PastKeyDeleted:
                Server.Gcp.Locked(gcp => Destroy(gcp.Keys.Find(Past.KeyUri)!, Server.Clock.UtcNow));
                break;
            case MatrixState.InheritedGrant:
                foreach (var spec in InForce)
                    Server.Gcp.Locked(gcp =>
                    {
                        gcp.Access.MoveToProject(spec.KeyUri, Use, LongAgo);
                        return true;
                    });
                break;
            case MatrixState.GroupGrant:
                GrantThroughGroup();
                break;
            case MatrixState.KeyUnreachable:
                Add(KeyFault, "gcp", $"{Regex.Escape(InForce[1].KeyUri)}[:/? ]");
                break;
        }
    }

    private protected override void TakeObstaclesAway() =>
        Server.Gcp.Locked(gcp =>
        {
            foreach (var policy in gcp.Access.Evaluator.DenyPolicies(GcpHierarchy.Organization, false).ToList())
                gcp.DenyPolicies.Seed(policy with { Rules = [], IsDeleted = true, Written = LongAgo });
            return true;
        });

    internal override void ChangeAsStranger(bool undo) =>
        Server.Gcp.Locked(gcp =>
        {
            string[] places =
            [
                .. InForce.Select(k => k.KeyUri),
                IamAccounts.Resource(gcp.Accounts.Find(Past.AuthPrincipal)!),
            ];
            foreach (var place in places.Distinct())
            {
                var others = gcp.Access.Current(place).Bindings.Where(b => b.Role != Stranger);
                var theirs = new GcpBinding(Stranger, [new GcpMember("user:stranger@example.com", null)], null);
                gcp.Access.Replace(place, undo ? [.. others] : [.. others, theirs], LongAgo);
            }

            return true;
        });

    private protected override bool IsWrite(RecordedExchange exchange) => GcpWorld.IsWrite(exchange.Request);

    private void Refuse(string pattern) =>
        Add(new FaultRule { Status = 403, Action = FaultAction.Status }, "gcp", pattern);

    private void Deny(params string[] permissions) =>
        Server.Gcp.Locked(gcp =>
        {
            var everybody = new GcpDenyMember("principalSet://goog/public:all", new GcpMember("allUsers", null));
            var rule = new GcpDenyRule("Locked", [everybody], [], permissions, [], null);
            gcp.DenyPolicies.Seed(
                new GcpDenyPolicy(GcpHierarchy.Organization, "locked", [rule]) { Created = LongAgo, Written = LongAgo }
            );
            return true;
        });

    /// <summary>The key's policy names an account that was deleted.</summary>
    private void AddStale() =>
        Server.Gcp.Locked(gcp =>
        {
            gcp.Accounts.Add(GcpWorld.Project, "former-app", LongAgo);
            var former = gcp.Accounts.Find($"former-app@{GcpWorld.Project}.iam.gserviceaccount.com")!;
            var key = InForce[0].KeyUri;
            var member = new GcpMember("serviceAccount:" + former.Email, former.UniqueId);
            gcp.Access.Replace(
                key,
                [
                    .. gcp
                        .Access.Current(key)
                        .Bindings.Select(b => b.Role == Use ? b with { Members = [.. b.Members, member] } : b),
                ],
                LongAgo
            );
            former.Deleted = Server.Clock.UtcNow.AddDays(-1);
            return true;
        });

    private void GrantThroughGroup()
    {
        Server.Gcp.SetGroup(Group, "serviceAccount:" + Past.AuthPrincipal);
        Server.Gcp.Locked(gcp =>
        {
            foreach (var spec in InForce)
                gcp.Access.Replace(
                    spec.KeyUri,
                    [new GcpBinding(Use, [new GcpMember("group:" + Group, null)], null)],
                    LongAgo
                );
            return true;
        });
    }

    private static bool Destroy(CryptoKey key, DateTimeOffset at)
    {
        foreach (var version in key.Versions)
            (version.State, version.DestroyTime) = ("DESTROY_SCHEDULED", at.AddDays(30));
        return true;
    }

    /// <summary>A line for each member of each binding: the order of a policy means nothing.</summary>
    private static IEnumerable<string> Bindings(GcpContext gcp, string resource) =>
        gcp
            .Access.Current(resource)
            .Bindings.SelectMany(b =>
                b.Members.Select(m => $"{resource} {b.Role} {m.Text} {m.UniqueId} {b.Condition?.Expression}")
            );
}
