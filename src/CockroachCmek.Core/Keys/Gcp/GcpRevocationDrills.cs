using CockroachCmek.Core.Access;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// The drill on Google Cloud: whether each method would end access to a key now, with these credentials. Reads only;
/// the caller's permissions come from testIamPermissions.
/// </summary>
internal sealed class GcpRevocationDrills(
    ICustomerCloud cloud,
    GcpClients clients,
    GcpCalls calls,
    SharedReads? shared = null
)
{
    private readonly GcpAccessReader _access = new(clients, calls, shared);
    private readonly GcpAccounts _accounts = new(clients, calls);
    private readonly GcpKeyReader _reader = new(clients, calls);

    /// <summary>One line for each key and method.</summary>
    public async Task<IReadOnlyList<CmekRevocationDrill>> RunAsync(RevocationRequest request)
    {
        var methods = request.Method == CmekRevocationMethod.Default ? cloud.RevocationMethods : [request.Method];
        var uses = request
            .Keys.GroupBy(k => (Name: GcpKeyName.Parse(k.KeyUri), Account: ServiceAccountEmail.Parse(k.AuthPrincipal)))
            .Select(g => new GcpKeyUse(g.Key.Name, g.Key.Account, [.. g.Select(k => k.Region).Distinct()]));
        return await Task.WhenAll(
            from use in uses
            from method in methods
            select RunAsync(request.Cluster, use, method)
        );
    }

    private async Task<CmekRevocationDrill> RunAsync(CrdbCluster cluster, GcpKeyUse use, CmekRevocationMethod method)
    {
        var drill = new CmekRevocationDrill
        {
            Regions = use.Regions,
            KeyUri = use.Name.ToString(),
            Method = method,
            IsDefault = method == cloud.DefaultRevocation[0],
        };
        try
        {
            return method switch
            {
                CmekRevocationMethod.RemoveGrant => await OfGrantAsync(use, drill),
                CmekRevocationMethod.RemoveTrust => await OfTrustAsync(cluster, use, drill),
                CmekRevocationMethod.DisableIdentity => await OfIdentityAsync(use, drill),
                CmekRevocationMethod.DisableKey => await OfKeyAsync(use, drill),
                _ => throw Errors.RevocationMethodNotSupported(
                    cluster.Name,
                    cloud.DisplayName,
                    method,
                    cloud.RevocationMethods
                ),
            };
        }
        catch (CmekException error) when (error.Kind != CmekErrorKind.InvalidArgument)
        {
            return Unknown(drill, error);
        }
        catch (Exception error) when (calls.Translate(error, use.Name.ToString()) is { } translated)
        {
            return Unknown(drill, translated);
        }
    }

    /// <summary>governance.md, 7.5: two minutes typically, seven or more at times.</summary>
    private async Task<CmekRevocationDrill> OfGrantAsync(GcpKeyUse use, CmekRevocationDrill drill)
    {
        drill = drill with { InForceWithin = TimeSpan.FromMinutes(7) };
        var scope = await _access.ReadScopeAsync(use.Name);
        var removal = GcpGrantRemoval.OfKey(use.Name, use.Account, scope, calls.Context.Time.GetUtcNow());
        List<(string, string[])> needs =
        [
            (use.Name.ToString(), ["cloudkms.cryptoKeys.getIamPolicy", "cloudkms.cryptoKeys.setIamPolicy"]),
        ];
        if (removal.OnRing.Count > 0 || (removal.OnResource.Count == 0 && scope.Places.Any(IsUnread(GcpLevel.KeyRing))))
            needs.Add((use.Name.Ring.ToString(), ["cloudkms.keyRings.getIamPolicy", "cloudkms.keyRings.setIamPolicy"]));
        if (removal.Remaining.Count > 0)
            return Failed(drill, GcpErrors.GrantNotRemovable(use.Name.ToString(), use.Account, removal));
        if (await MissingAsync(drill, needs) is { } missing)
            return missing;
        if (removal.Unread.Count > 0)
            return drill with
            {
                Status = CmekCheckStatus.Unknown,
                Detail = GcpAccessAdvice.NotKnown(use.Name.ToString(), use.Account, removal.Unread),
                Remedy = GcpAccessAdvice.Verify(use.Name, use.Account),
            };
        return removal.OnResource.Count + removal.OnRing.Count == 0
            ? Passed(drill, $"Nothing grants {use.Account} the use of {use.Name}: there is nothing left to remove.")
            : Passed(
                drill,
                "It typically takes two minutes, and may take seven or more, until access ends everywhere."
            );
    }

    /// <summary>Tokens that were issued before go on until they expire.</summary>
    private async Task<CmekRevocationDrill> OfTrustAsync(CrdbCluster cluster, GcpKeyUse use, CmekRevocationDrill drill)
    {
        if (cluster.AccountId.Length == 0)
            return Failed(drill, GcpErrors.TrustUnknown(cluster.Name, use.Account));
        var trusted = GcpNames.ClusterAccount(cluster);
        var scope = (await _access.ReadTrustAsync(cluster, use.Account)).Scope;
        var removal = GcpGrantRemoval.OfTrust(use.Account, trusted, scope, calls.Context.Time.GetUtcNow());
        if (removal.Remaining.Count > 0)
            return Failed(drill, GcpErrors.GrantNotRemovable(use.Account.Text, trusted, removal));
        if (
            await MissingAsync(
                drill,
                [(use.Account.Resource, ["iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"])]
            ) is
            { } missing
        )
            return missing;
        if (removal.Unread.Count > 0)
            return drill with
            {
                Status = CmekCheckStatus.Unknown,
                Detail = GcpAccessAdvice.NotKnown(use.Account.Text, trusted, removal.Unread),
                Remedy = GcpAccessAdvice.VerifyTrust(use.Account, trusted),
            };
        return drill with
        {
            Status = CmekCheckStatus.Warning,
            Detail =
                "It ends new tokens only: those that were issued stay valid until they expire, an hour by default. "
                + "DisableIdentity rejects them too.",
        };
    }

    /// <summary>Google documents no delay for it.</summary>
    private async Task<CmekRevocationDrill> OfIdentityAsync(GcpKeyUse use, CmekRevocationDrill drill)
    {
        drill = drill with { AlsoAffected = [$"everybody who acts as {use.Account}"] };
        ServiceAccount? account;
        try
        {
            account = await _accounts.FindAsync(use.Account);
        }
        catch (GcpException error) when (error.Code == 403)
        {
            return Failed(drill, GcpCalls.Map(error, use.Account.Text));
        }

        if (account is null)
            return Failed(drill, GcpErrors.AccountGone(use.Account));
        if (account.Disabled == true)
            return Passed(drill, $"{use.Account} is disabled already.");
        return await MissingAsync(
            drill,
            [(use.Account.Resource, ["iam.serviceAccounts.get", "iam.serviceAccounts.disable"])]
        ) ?? Passed(drill, "Tokens that were issued before are rejected too. Google Cloud documents no delay.");
    }

    /// <summary>governance.md, 7.3: a minute typically, hours in exceptional cases.</summary>
    private async Task<CmekRevocationDrill> OfKeyAsync(GcpKeyUse use, CmekRevocationDrill drill)
    {
        drill = drill with { AlsoAffected = ["everybody who uses the key"] };
        var missing = await MissingAsync(
            drill,
            [(use.Name.ToString(), ["cloudkms.cryptoKeyVersions.list", "cloudkms.cryptoKeyVersions.update"])]
        );
        if (missing is not null)
            return missing;
        var (_, key) = await _reader.FindIfAllowedAsync(use.Name);
        var versions = await _reader.ListVersionsAsync(use.Name);
        if (versions.All(v => v.State != "ENABLED"))
            return Passed(drill, $"No version of {use.Name} is enabled: it cannot be used.");
        const string Delay = "It typically takes a minute, and in rare cases hours, until access ends everywhere.";
        return key?.RotationPeriod is null
            ? Passed(drill, Delay)
            : drill with
            {
                Status = CmekCheckStatus.Warning,
                Detail =
                    $"Google Cloud rotates the key on {key.NextRotationTime}: the new version will be enabled. {Delay}",
            };
    }

    private static Func<GcpPlace, bool> IsUnread(GcpLevel level) => p => p.Level == level && p.Policy is null;

    /// <summary>What the caller lacks; null when nothing. That it cannot be asked is Unknown.</summary>
    private async Task<CmekRevocationDrill?> MissingAsync(
        CmekRevocationDrill drill,
        IReadOnlyList<(string Resource, string[] Permissions)> needs
    )
    {
        foreach (var (resource, permissions) in needs)
        {
            IReadOnlyList<string> held;
            var api = resource.Contains("/serviceAccounts/") ? (IGcpPolicies)clients.Iam : clients.Kms;
            try
            {
                held = await calls.ReadAsync("IAM", "testIamPermissions", resource, c =>
                    api.TestIamPermissionsAsync(resource, permissions, c)
                );
            }
            catch (GcpException error) when (error.Code != 401)
            {
                return Unknown(drill, GcpCalls.Map(error, resource));
            }

            if (permissions.Except(held).ToList() is { Count: > 0 } missing)
                return drill with
                {
                    Status = CmekCheckStatus.Fail,
                    Detail = $"These credentials lack {string.Join(", ", missing)} on {resource}.",
                    Remedy =
                        "Connect-CrdbCloud -GcpCredentialFile <file>   (credentials that have them; or an "
                        + "administrator "
                        + "grants them, unless a deny policy takes them away)",
                };
        }

        return null;
    }

    private static CmekRevocationDrill Passed(CmekRevocationDrill drill, string detail) =>
        drill with
        {
            Status = CmekCheckStatus.Pass,
            Detail = detail,
        };

    private static CmekRevocationDrill Failed(CmekRevocationDrill drill, CmekException error) =>
        drill with
        {
            Status = CmekCheckStatus.Fail,
            Detail = error.Message,
            Remedy = error.RecommendedAction,
        };

    private static CmekRevocationDrill Unknown(CmekRevocationDrill drill, CmekException error) =>
        Failed(drill, error) with
        {
            Status = CmekCheckStatus.Unknown,
        };
}
