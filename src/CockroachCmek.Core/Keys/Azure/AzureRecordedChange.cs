namespace CockroachCmek.Core.Keys.Azure;

/// <summary>
/// A change of a record, verified against the cluster that the record belongs to. Reads nothing; what only the tenant
/// can tell, such as whose object id a principal is, is verified again before the change is undone.
/// </summary>
internal sealed class AzureRecordedChange(
    CmekAccessChange change,
    CrdbCluster cluster,
    IReadOnlyList<CmekRegionSpec> keys
)
{
    /// <exception cref="CmekException">RevocationFileInvalid.</exception>
    public CmekAccessChange Verify()
    {
        if (!Guid.TryParseExact(change.AuthPrincipal, "D", out _))
            throw Invalid($"'{change.AuthPrincipal}' is not a tenant");
        var read = AzureChangeReader.Read(change);
        if (!IsMethodOf(read, change.Method))
            throw Invalid($"{change.Method} does not make it");
        var uses = Uses();
        if (read.Owner.Id.Length > 0 && !AzureScope.Same(read.Owner.Id, cluster.Id))
            throw Invalid($"it is about the cluster {read.Owner.Id}");
        var owner = ChangeOwner.Of(cluster, KeysOf(read, uses));
        if (read.Owner.ApplicationId is { } recorded)
        {
            if (owner.ApplicationId is { } known && !AzureScope.Same(known, recorded))
                throw Invalid($"it is about the application {recorded}, not {known} of the cluster");
            owner = owner with { ApplicationId = recorded };
        }

        VerifyTarget(read, owner);
        var verified = read with { Owner = owner };
        return change with
        {
            Regions = RegionsOf(uses),
            Action = verified.Action,
            UndoAction = verified.UndoAction,
            Difference = verified.Difference,
            Document = verified.Document,
            Fault = "",
        };
    }

    private static bool IsMethodOf(AzureChange read, CmekRevocationMethod method) =>
        method == CmekRevocationMethod.Default // a record of 0.2.0
        || read switch
        {
            RoleAssignmentChange or AccessPolicyChange => method == CmekRevocationMethod.RemoveGrant,
            KeyVersionStateChange => method == CmekRevocationMethod.DisableKey,
            ServicePrincipalStateChange => method == CmekRevocationMethod.DisableIdentity,
            ServicePrincipalChange => method
                is CmekRevocationMethod.RemoveGrant
                    or CmekRevocationMethod.DisableIdentity,
            _ => false,
        };

    /// <summary>The uses of the cluster's keys that the change is about; empty when no keys are at hand.</summary>
    private List<CmekRegionSpec> Uses()
    {
        if (change.KeyUri.Length > 0)
            AzureChangeReader.ReadKey(change.KeyUri, change);
        var uses = keys.Where(k =>
                AzureScope.Same(k.AuthPrincipal, change.AuthPrincipal)
                && (change.KeyUri.Length == 0 || AzureScope.Same(k.KeyUri, change.KeyUri))
            )
            .ToList();
        return keys.Count > 0 && uses.Count == 0
            ? throw Invalid($"{change.KeyUri} in the tenant {change.AuthPrincipal} is not a key of {cluster.Name}")
            : uses;
    }

    private IReadOnlyList<string> RegionsOf(List<CmekRegionSpec> uses)
    {
        if (uses.Count == 0)
            return change.Regions;
        var known = change.Regions.Where(r => uses.Any(u => u.Region == r)).ToList();
        return known.Count > 0 ? known : throw Invalid("it names no region that uses the key");
    }

    /// <summary>
    /// The keys that the change may be about: those that its document names, all of which must be the cluster's; else
    /// its own key, or all of the tenant.
    /// </summary>
    private IReadOnlyList<string> KeysOf(AzureChange read, List<CmekRegionSpec> uses)
    {
        var isOfApplication = read is ServicePrincipalStateChange or ServicePrincipalChange;
        if (read.Owner.Id.Length > 0 && isOfApplication != (read.Owner.Keys.Count == 0))
            throw Invalid("its document does not name the keys that it is about");
        if (isOfApplication)
            return [];
        var known = uses.Select(u => u.KeyUri).ToList();
        foreach (var key in read.Owner.Keys)
            if (!(known.Count > 0 ? known : OwnKeys(read)).Contains(key, StringComparer.OrdinalIgnoreCase))
                throw Invalid($"{key} is not a key of {cluster.Name}");
        return read.Owner.Keys.Count > 0 ? read.Owner.Keys
            : known.Count > 0 ? known
            : OwnKeys(read);
    }

    private IReadOnlyList<string> OwnKeys(AzureChange read) =>
        change.KeyUri.Length > 0 ? [change.KeyUri] : read.Owner.Keys;

    private void VerifyTarget(AzureChange read, ChangeOwner owner)
    {
        switch (read)
        {
            case RoleAssignmentChange role:
                VerifyPlace(AzureScope.Of(role.Assignment.Id), owner);
                break;
            case AccessPolicyChange policy:
                VerifyPlace(policy.KeyVaultId, owner);
                if (!AzureScope.Same(policy.TenantId, change.AuthPrincipal))
                    throw Invalid($"the tenant in its document is {policy.TenantId}");
                break;
            case KeyVersionStateChange state:
                if (!owner.Keys.Any(k => AzureChangeReader.ReadKey(k, change) == state.Version))
                    throw Invalid("its target is not its key");
                break;
            case ServicePrincipalStateChange or ServicePrincipalChange:
                if (change.KeyUri.Length > 0)
                    throw Invalid("an enterprise application is not a change of one key");
                if (owner.ApplicationId is { } known && !AzureScope.Same(known, read.Target))
                    throw Invalid($"its target is not the application {known} of the cluster");
                break;
            default:
                throw Invalid("this module records no such change");
        }
    }

    /// <summary>
    /// A Key Vault or key must be one of the cluster's; what is above them is compared with the tenant.
    /// </summary>
    private void VerifyPlace(string scope, ChangeOwner owner)
    {
        var (keyVault, key) = AzureChangeReader.NamesIn(scope);
        if (keyVault is null || owner.Keys.Count == 0)
            return;
        if (
            !owner
                .Keys.Select(k => AzureChangeReader.ReadKey(k, change))
                .Any(k => AzureScope.Same(k.KeyVaultName, keyVault) && (key is null || AzureScope.Same(k.Name, key)))
        )
            throw Invalid($"{scope} holds no key of {cluster.Name}");
    }

    private CmekException Invalid(string reason) => AzureChangeReader.Invalid(change, reason);
}
