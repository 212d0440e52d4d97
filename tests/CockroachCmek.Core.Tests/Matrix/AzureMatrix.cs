using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Http;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Sandbox;
using CockroachCmek.Sandbox.Azure;
using CockroachCmek.Sandbox.Cloud;
using RoleAssignment = CockroachCmek.Sandbox.Azure.RoleAssignment;
using ServicePrincipal = CockroachCmek.Sandbox.Azure.ServicePrincipal;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>The matrix on Azure.</summary>
public sealed class AzureMatrix : MatrixCloud
{
    private const string Stranger = "stranger";

    internal static ICustomerCloud Cloud { get; } = new AzureCustomerCloud();

    /// <summary>The states that this cloud does not have, with the reason.</summary>
    internal static IReadOnlyDictionary<MatrixState, string> Absent { get; } =
        new Dictionary<MatrixState, string>
        {
            [MatrixState.KeysLocked] = "Azure's locks do not reach the data plane of a Key Vault.",
            [MatrixState.ExtraReplica] = "a Key Vault and its replica have one access.",
            [MatrixState.IdentityPolicy] = "Azure grants on scopes only, not in policies of identities.",
        };

    internal override string Name => Cloud.DisplayName;

    private protected override (string Cluster, string Neighbour) Names => ("azure-eu", "azure-in");

    private protected override IKeyUser User => new AzureKeyUser(Server.Azure);

    private protected override CloudOptions KeyOptions(string region) =>
        CloudOptions.None.With("KeyVaultName", new[] { Server.Azure.VaultName });

    private string KeyVaultId =>
        $"/subscriptions/{Server.Azure.SubscriptionId}/resourceGroups/{Server.Azure.ResourceGroup}"
        + $"/providers/Microsoft.KeyVault/vaults/{Server.Azure.VaultName}";

    private protected override ICmekKeyProvider Connect(bool expired) =>
        new AzureKeyProvider(
            new AzureCustomerCloud(),
            new AzureConnection
            {
                TenantId = Server.Azure.TenantId,
                ClientId = Server.Azure.Admin.ClientId,
                ClientSecret = new Secret(expired ? "expired" : Server.Azure.Admin.Secret),
                Loopback = new AzureLoopback(Server.AzureEndpoint.Port, Server.Azure.CaCertificate.RawData),
            }
        );

    internal override string Dump() =>
        Server.Azure.Locked(azure =>
        {
            var lines = azure
                .Roles.Present.Select(a => $"{a.Scope} {a.RoleId} {a.PrincipalId} {a.Name} {a.Condition}")
                .ToList();
            var principal = Principal(azure);
            lines.Add($"{principal.Id} enabled: {principal.IsEnabled}");
            foreach (var keyVault in azure.KeyVaults)
            foreach (var key in keyVault.Keys.Values)
                lines.AddRange(
                    key.Versions.Select(v => $"{keyVault.Name} {key.Name} {v.Id} {v.Enabled} {key.Deleted}")
                );
            return string.Join("\n", lines.Order(StringComparer.OrdinalIgnoreCase)).ToLowerInvariant();
        });

    private protected override void Arrange(MatrixState state)
    {
        switch (state)
        {
            case MatrixState.StalePrincipal:
                AddAssignment("Key Vault Crypto User", Guid.NewGuid().ToString("D"));
                break;
            case MatrixState.GrantsLocked:
                Server.Azure.Locked(azure =>
                {
                    azure.Locks.Put(new ManagementLock("keep", KeyVaultId, "CanNotDelete", "Landing zone"));
                    return true;
                });
                break;
            case MatrixState.IdentityLocked:
                Server.Azure.SetGraphPermissions(Server.Azure.Admin, "Application.Read.All");
                break;
            case MatrixState.PastKeyUnreadable:
                Refuse(PastPath);
                break;
            case MatrixState.PastKeyUnchangeable:
                Refuse("^PATCH .*" + PastPath);
                break;
            case MatrixState.PastKeyDeleted:
                OnPastKey(key => key.Delete(Server.Clock.UtcNow.AddDays(-1)));
                break;
            case MatrixState.InheritedGrant:
                MoveGrant(a => a with { Scope = "/subscriptions/" + Server.Azure.SubscriptionId });
                break;
            case MatrixState.GroupGrant:
                var group = Server.Azure.Locked(azure => Server.Azure.AddGroup("Users of keys", Principal(azure).Id));
                MoveGrant(a => a with { PrincipalId = group, PrincipalType = "Group" });
                break;
            case MatrixState.KeyUnreachable:
                Add(KeyFault, "azure", KeyPath(InForce[1].KeyUri));
                break;
        }
    }

    private protected override void TakeObstaclesAway()
    {
        Server.Azure.Locked(azure => azure.Locks.Remove(new ManagementLock("keep", KeyVaultId, "", "")));
        Server.Azure.SetGraphPermissions(Server.Azure.Admin, _graph);
    }

    internal override void ChangeAsStranger(bool undo) =>
        Server.Azure.Locked(azure =>
        {
            if (undo)
                azure.Roles.Remove(azure.Roles.Present.Single(a => a.Description == Stranger));
            else
                azure.Roles.Add(
                    new RoleAssignment(
                        Guid.NewGuid().ToString("D"),
                        KeyVaultId,
                        BuiltInRoles.CryptoServiceEncryptionUser.Id,
                        Server.Azure.ManagedIdentity.ObjectId,
                        "ServicePrincipal"
                    )
                    {
                        Description = Stranger,
                    }
                );
            return true;
        });

    private protected override bool IsWrite(RecordedExchange exchange) =>
        exchange.Request.Method != "GET"
        && !exchange.Request.Path.Contains("/oauth2/", StringComparison.Ordinal)
        && exchange.Response?.Status != 401;

    private static readonly string[] _graph =
    [
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Organization.Read.All",
        "Application.Read.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
    ];

    private string PastPath => KeyPath(Past.KeyUri);

    private static string KeyPath(string uri) => new Uri(uri).AbsolutePath.TrimStart('/');

    private void Refuse(string pattern) =>
        Add(new FaultRule { Status = 403, Action = FaultAction.Status }, "azure", pattern);

    private void OnPastKey(Action<KeyVaultKey> change) =>
        Server.Azure.Locked(azure =>
        {
            change(azure.FindKeyVault(Server.Azure.VaultName)!.Keys[new Uri(Past.KeyUri).Segments[2].TrimEnd('/')]);
            return true;
        });

    private void AddAssignment(string role, string principalId) => Server.Azure.Assign(principalId, role, KeyVaultId);

    private void MoveGrant(Func<RoleAssignment, RoleAssignment> move) =>
        Server.Azure.Locked(azure =>
        {
            var id = Principal(azure).Id;
            foreach (var grant in azure.Roles.Present.Where(a => a.PrincipalId == id).ToList())
                azure.Roles.Replace(grant, move(grant));
            return true;
        });

    private ServicePrincipal Principal(AzureContext azure) =>
        azure.Directory.Principal(Server.Azure.TenantId, azure.ClusterApplications[Cluster.Id])!;
}
