using CockroachCmek.Sandbox.Cloud;

namespace CockroachCmek.Sandbox.Gcp;

/// <content>Its identifiers, its switches, and what is prepared in it.</content>
public sealed partial class GcpSandbox
{
    /// <summary>
    /// The customer's project, with Cloud KMS and IAM enabled. In the project "no-kms-project" Cloud KMS is disabled.
    /// </summary>
    public string ProjectId { get; } = GcpProjects.Customer;

    /// <summary>Access token of an administrator of both projects. Generated at start and valid only here.</summary>
    public string AccessToken => _data.AdminToken;

    /// <summary>How long a changed IAM policy takes to take effect, in sandbox time.</summary>
    public TimeSpan PropagationDelay
    {
        get => _data.PropagationDelay;
        set => _data.PropagationDelay = value;
    }

    /// <summary>
    /// How long a disabled version can still be used, and how long the former primary version still encrypts, in
    /// sandbox time.
    /// </summary>
    public TimeSpan KeyStateDelay
    {
        get => _data.KeyStateDelay;
        set => _data.KeyStateDelay = value;
    }

    /// <summary>
    /// True if the organization policy iam.allowedPolicyMemberDomains allows only its own members in IAM policies,
    /// which excludes Cockroach Labs.
    /// </summary>
    public bool RestrictMembers
    {
        get => _data.Constraints.ContainsKey(GcpConstraints.MemberDomains);
        set
        {
            if (value)
                Enforce(GcpConstraints.MemberDomains, GcpHierarchy.CustomerId);
            else
                StopEnforcing(GcpConstraints.MemberDomains);
        }
    }

    /// <summary>
    /// True if a policy with conditions is refused to a reader of an older version, as at the end of 2019. Default: the
    /// conditions are left out.
    /// </summary>
    public bool RefusesOldPolicyVersions
    {
        get => _data.RefusesOldPolicyVersions;
        set => _data.RefusesOldPolicyVersions = value;
    }

    /// <summary>False if a policy that names a deleted member is refused. Default: true.</summary>
    public bool TakesDeletedMembers
    {
        get => _data.TakesDeletedMembers;
        set => _data.TakesDeletedMembers = value;
    }

    /// <summary>
    /// True if a policy can name a deleted account and a new one of the same name, as in 2020. Default: it is refused.
    /// </summary>
    public bool TakesDeletedBesideNew
    {
        get => _data.TakesDeletedBesideNew;
        set => _data.TakesDeletedBesideNew = value;
    }

    /// <summary>
    /// Enforces a constraint of an organization policy, for example gcp.resourceLocations, with the values that a list
    /// constraint allows.
    /// </summary>
    /// <exception cref="ArgumentException">The sandbox does not know the constraint.</exception>
    public void Enforce(string constraint, params string[] allowed)
    {
        if (!GcpConstraints.All.Contains(constraint))
            throw new ArgumentException($"The sandbox does not know the constraint {constraint}.", nameof(constraint));
        lock (_gate)
            _data.Constraints[constraint] = allowed;
    }

    /// <summary>Ends an organization policy.</summary>
    public void StopEnforcing(string constraint)
    {
        lock (_gate)
            _data.Constraints.Remove(constraint);
    }

    /// <summary>
    /// Adds a group, or replaces its members, for example serviceAccount:a@b.iam.gserviceaccount.com.
    /// </summary>
    public void SetGroup(string email, params string[] members)
    {
        lock (_gate)
            _data.Groups[email] =
            [
                .. members.Select(m => new GcpMember(m, _accounts.Find(m.Substring(m.IndexOf(':') + 1))?.UniqueId)),
            ];
    }

    /// <summary>Gives every request these access levels. Default: none.</summary>
    public void SetAccessLevels(params string[] levels)
    {
        lock (_gate)
        {
            _data.AccessLevels.Clear();
            _data.AccessLevels.AddRange(levels);
        }
    }

    /// <summary>Enables an API. At start policytroubleshooter.googleapis.com is not enabled.</summary>
    public void EnableService(string service)
    {
        lock (_gate)
            _data.DisabledServices.Remove(service);
    }

    /// <summary>Disables an API.</summary>
    public void DisableService(string service)
    {
        lock (_gate)
            _data.DisabledServices.Add(service);
    }

    /// <summary>
    /// Puts services behind a perimeter of VPC Service Controls. Every caller is outside but those that an ingress rule
    /// admits, for example serviceAccount:a@b.iam.gserviceaccount.com. No service ends the perimeter.
    /// </summary>
    public void SetPerimeter(string[] services, params string[] admitted)
    {
        lock (_gate)
        {
            _data.PerimeterServices.Clear();
            _data.PerimeterServices.UnionWith(services);
            _data.PerimeterAdmits.Clear();
            _data.PerimeterAdmits.UnionWith(admitted);
        }
    }

    /// <summary>
    /// Adds a user with exactly these permissions, for example cloudkms.cryptoKeys.create, and returns an access token.
    /// </summary>
    public string AddPrincipal(string email, params string[] permissions)
    {
        lock (_gate)
            return _tokens.Issue(new GcpPrincipal("user:" + email, null) { Permissions = [.. permissions] });
    }

    /// <summary>
    /// Adds a user with every permission but these, for example resourcemanager.projects.getIamPolicy, and returns an
    /// access token.
    /// </summary>
    public string AddPrincipalWithout(string email, params string[] permissions)
    {
        lock (_gate)
            return _tokens.Issue(
                new GcpPrincipal("user:" + email, null) { IsAdministrator = true, Lacks = [.. permissions] }
            );
    }

    /// <summary>Adds a service account of another organization, so that policies can name it.</summary>
    public void AddForeignAccount(string email)
    {
        lock (_gate)
            _accounts.AddForeign(email);
    }

    /// <summary>
    /// Creates a service account and a key that the cluster can use at once. Every region gets its own key; the
    /// account is shared.
    /// </summary>
    internal SandboxKeySpec SeedKey(string clusterName, string clusterId, string accountId, string region)
    {
        lock (_gate)
        {
            var created = _clock.UtcNow.AddDays(-400);
            var clusterAccount = GcpKeyUser.AccountOf(clusterId, accountId);
            _accounts.AddForeign(clusterAccount);
            if (_accounts.Find($"crdb-cmek-{clusterName}@{ProjectId}.iam.gserviceaccount.com") is not { } account)
            {
                account = _accounts.Add(ProjectId, $"crdb-cmek-{clusterName}", created);
                var resource = IamAccounts.Resource(account);
                _access.Seed(
                    resource,
                    "roles/iam.serviceAccountTokenCreator",
                    "serviceAccount:" + clusterAccount,
                    created
                );
            }

            var ring = $"projects/{ProjectId}/locations/{region}/keyRings/crdb-cmek";
            _rings.Seed(ring, created);
            var name = $"{ring}/cryptoKeys/crdb-cmek-{clusterName}";
            var key = new CryptoKey(name, "ENCRYPT_DECRYPT", "SOFTWARE", created)
            {
                Algorithm = "GOOGLE_SYMMETRIC_ENCRYPTION",
            };
            foreach (var time in new[] { created, created.AddDays(200) })
                key.MakePrimary(key.AddVersion(time), time, TimeSpan.Zero);
            _keys.Seed(key);
            // The creation is older than the log.
            _log.RecordChange("CreateCryptoKeyVersion", key.Primary!.Name, Administrator, null, created.AddDays(200));
            _log.RecordChange("UpdateCryptoKeyPrimaryVersion", key.Name, Administrator, null, created.AddDays(200));
            _access.Seed(
                key.Name,
                "roles/cloudkms.cryptoKeyEncrypterDecrypter",
                "serviceAccount:" + account.Email,
                created
            );
            return new SandboxKeySpec("GCP_CLOUD_KMS", key.Name, account.Email);
        }
    }
}
