using CockroachCmek.Core.Access;
using CockroachCmek.Core.Checks;
using CockroachCmek.Core.Keys.Gcp.Access;

namespace CockroachCmek.Core.Keys.Gcp;

/// <summary>
/// Live checks of a region's key. Each part reads on its own, so that one that cannot be read hides no other.
/// </summary>
internal sealed class GcpKeyChecks
{
    private readonly GcpClients _clients;
    private readonly GcpCalls _calls;
    private readonly SharedReads _shared;
    private readonly KeyCheckRequest _request;
    private readonly GcpKeyReader _reader;
    private readonly KeyChecks _results;

    /// <param name="clients">The clients.</param>
    /// <param name="calls">The calls of this run.</param>
    /// <param name="shared">Reads that regions of the same run share.</param>
    /// <param name="request">The region's key.</param>
    public GcpKeyChecks(GcpClients clients, GcpCalls calls, SharedReads shared, KeyCheckRequest request)
    {
        _clients = clients;
        _calls = calls;
        _shared = shared;
        _request = request;
        _reader = new GcpKeyReader(clients, calls);
        _results = new KeyChecks(request.Cluster, request.Spec.Region, Translate);
    }

    /// <summary>Runs every check.</summary>
    public async Task<IReadOnlyList<CmekCheck>> CheckAsync()
    {
        var spec = _request.Spec;
        var name = await ParseAsync(CmekCheckName.KeyUri, () => GcpKeyName.Parse(spec.KeyUri));
        if (_request.IsPast)
        {
            if (name is not null)
                await _results.RunAsync(CmekCheckName.PastKeyUsable, () => CheckPastKeyAsync(name));
            return _results.All;
        }

        var account = await ParseAsync(CmekCheckName.Principal, () => ServiceAccountEmail.Parse(spec.AuthPrincipal));
        if (name is not null)
            await CheckKeyAsync(name, account);
        if (account is not null)
            await new GcpAccountChecks(_clients, _calls, _shared, _request.Cluster, account).CheckAsync(_results);
        return _results.All;
    }

    private async Task CheckKeyAsync(GcpKeyName name, ServiceAccountEmail? account)
    {
        CryptoKey? key = null;
        var isMissing = false;
        await _results.RunAsync(CmekCheckName.KeyUsable, async () =>
        {
            key = await ShareAsync($"key {name}", () => _reader.FindKeyAsync(name));
            isMissing = key is null;
            CheckUsable(name, key ?? throw GcpErrors.KeyNotFound(name));
        });
        CheckLocation(name);
        if (isMissing)
            return;
        if (account is not null)
            await _results.RunAsync(CmekCheckName.KeyGranted, () => CheckGrantAsync(name, account));
        if (key is null)
            return;
        _results.Pass(CmekCheckName.KeyOrigin, $"{name} {GcpKeyOrigins.Of(name, key).Detail}.");
        await _results.RunAsync(CmekCheckName.OldVersionsUsable, () => CheckOldVersionsAsync(name, key));
        CheckVersionInUse(name, key);
        new GcpKeyRules(_results, _request).Check(name, key);
    }

    private void CheckUsable(GcpKeyName name, CryptoKey key)
    {
        if (_results.FailAll(CmekCheckName.KeyUsable, [.. GcpKeyFitness.KeyProblems(name, key)]))
            _results.Pass(CmekCheckName.KeyUsable, $"{name} is symmetric, and its primary version is enabled.");
    }

    private void CheckLocation(GcpKeyName name)
    {
        var region = _request.Spec.Region;
        if (GcpLocations.Serves(name.Location, region))
            _results.Pass(CmekCheckName.KeyLocation, $"The key is in {name.Location}.");
        else
            _results.Warn(
                CmekCheckName.KeyLocation,
                "KeyElsewhere",
                $"The key is in '{name.Location}', the nodes are in '{region}'. It works, but depends on both.",
                $"Get-CrdbCluster {_request.Cluster.Name} | New-CrdbCmekRole | New-CrdbCmekKey | "
                    + $"New-CrdbCmekManifest | Invoke-CrdbCmekRotation -Wait"
            );
    }

    /// <summary>Whether the policies grant what is needed, and no more.</summary>
    private async Task CheckGrantAsync(GcpKeyName name, ServiceAccountEmail account)
    {
        var reading = await ShareAsync($"access {name} {account}", () =>
            new GcpAccessReader(_clients, _calls, _shared).ReadKeyAsync(name, account)
        );
        _results.Report(reading.Access, GcpAccessAdvice.ForKey(name, reading));
        var review = new GcpAccessReview(
            new GcpAccessReader(_clients, _calls, _shared),
            new GcpAccounts(_clients, _calls),
            new KeyAccessRequest { Cluster = _request.Cluster, Spec = _request.Spec }
        );
        _results.Duties(
            review.OfKey(reading),
            reading.Access,
            "the bindings of the key and of what is above it",
            _request.Cluster.Name
        );
    }

    private async Task CheckOldVersionsAsync(GcpKeyName name, CryptoKey key)
    {
        var versions = await ShareAsync($"versions {name}", () => _reader.ListVersionsAsync(name));
        var unusable = versions
            .Where(v => v.Id != key.Primary?.Id && v.State is "DISABLED" or "DESTROY_SCHEDULED" or "DESTROYED")
            .Select(v => $"{v.Id} ({v.State})")
            .ToList();
        if (unusable.Count > 0)
            _results.Warn(
                CmekCheckName.OldVersionsUsable,
                "OldVersionUnusable",
                $"Versions of {name} can no longer decrypt: {string.Join(", ", unusable)}. Data and backups of their "
                    + "time may need them.",
                $"gcloud kms keys versions list {name.ToGcloudOptions()}"
            );
        else if (versions.Count > 1)
            _results.Pass(CmekCheckName.OldVersionsUsable, $"All {versions.Count} versions of {name} are enabled.");
    }

    private void CheckVersionInUse(GcpKeyName name, CryptoKey key)
    {
        if (_request.TakenUpAt is not { } wrapped || key.Primary is not { } primary)
            return;
        if (primary.CreateTime > wrapped)
            _results.Warn(
                CmekCheckName.VersionInUse,
                "VersionNotTakenUp",
                $"Version {primary.Id} of {name} was created on {primary.CreateTime:u}, after the cluster wrapped with "
                    + $"the key on {wrapped:u}. CockroachDB does not switch to it by itself.",
                $"Get-CrdbCluster {_request.Cluster.Name} | Invoke-CrdbCmekRotation -Wait"
            );
        else
            _results.Pass(CmekCheckName.VersionInUse, $"The cluster wraps with version {primary.Id} of {name}.");
    }

    /// <summary>What was encrypted with a past key needs the version of that time.</summary>
    private async Task CheckPastKeyAsync(GcpKeyName name)
    {
        if (await _reader.FindKeyAsync(name) is null)
            throw GcpErrors.KeyNotFound(name);
        var versions = await _reader.ListVersionsAsync(name);
        var used = versions.FirstOrDefault(v =>
            _request.TakenUpAt is null ? v.State == "ENABLED" : v.CreateTime <= _request.TakenUpAt
        );
        used ??= versions.Count > 0 ? versions[versions.Count - 1] : null;
        if (used?.State is "DESTROY_SCHEDULED" or "DESTROYED")
            throw GcpErrors.KeyPendingDeletion(name, used);
        if (used?.State != "ENABLED")
            throw GcpErrors.KeyDisabled(name, used?.Id ?? "1");
        _results.Pass(
            CmekCheckName.PastKeyUsable,
            $"{used.Name}, which data and backups of its time still need, is enabled."
        );
    }

    private async Task<T?> ParseAsync<T>(string check, Func<T> parse)
        where T : class
    {
        T? parsed = null;
        await _results.RunAsync(check, () =>
        {
            parsed = parse();
            return Task.CompletedTask;
        });
        return parsed;
    }

    private Task<T> ShareAsync<T>(string what, Func<Task<T>> read) => _shared.GetAsync(_calls.Context, what, read);

    /// <summary>A missing permission is reported with what to grant, everything else as elsewhere.</summary>
    private CmekException? Translate(Exception error) =>
        error
            is GcpException
            {
                Code: 403,
                Reason: not "SERVICE_DISABLED",
                Constraint: null,
                PerimeterRefusal: null
            } denied
            ? GcpErrors.ReadNotAllowed(_request.Spec.KeyUri, denied)
            : _calls.Translate(error, _request.Spec.KeyUri);
}
