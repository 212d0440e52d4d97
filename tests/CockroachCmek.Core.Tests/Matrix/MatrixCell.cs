using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// One cell of the matrix: a revocation with one method in one state, the restoration, and what must hold in every
/// cell, asked of the sandbox.
/// </summary>
internal sealed class MatrixCell(MatrixCloud cloud, MatrixState state, CmekRevocationMethod method)
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crdb-cmek-matrix-").FullName;
    private readonly List<string> _warnings = [];
    private int? _calls;
    private bool _isStopped;

    /// <summary>Runs the cell and returns what the output says.</summary>
    public async Task<string> RunAsync()
    {
        // The number of calls after which a run is stopped; null for a stop after its first write, or none.
        int? calls = state == MatrixState.Evicted && method == CmekRevocationMethod.Default ? 0 : null;
        var outcome = await RunOnceAsync(calls);
        while (_isStopped && calls is not null)
            Assert.Equal(outcome, await RunOnceAsync(++calls));
        return outcome;
    }

    private async Task<string> RunOnceAsync(int? calls)
    {
        _calls = calls;
        _warnings.Clear();
        Directory.CreateDirectory(_folder);
        try
        {
            var provider = cloud.Start(state);
            var before = cloud.Dump();
            var (record, error) = await RevokeAsync(provider);
            var requests = cloud.ToCloud();
            var usable = cloud.Usable();
            Check(record, error, usable, requests.Any(r => r.Request.Method == "PATCH"));
            if (state == MatrixState.KmsOnly)
                Assert.Empty(requests);
            await RestoreAsync(before);
            return Outcome(record, error, usable.Count);
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>(a) and (b): the output is true about every key in force.</summary>
    private void Check(CmekRevocation? record, CmekException? error, IReadOnlyList<string> usable, bool isTold)
    {
        var said = string.Join("\n", _warnings.Prepend(error?.Message ?? ""));
        foreach (var key in usable)
        {
            Assert.False(isTold, $"CockroachDB was told, and {key} can be used: {said}");
            Assert.True(error is not null, $"{key} can be used, and there is no error. {said}");
            Assert.True(
                record is null || error.Message.Contains(key, StringComparison.OrdinalIgnoreCase),
                $"{key} can be used and is not named: {error.ErrorId} {error.Message}"
            );
        }

        if (cloud is AzureMatrix && error is null && method == CmekRevocationMethod.DisableIdentity)
            Assert.Contains("okens", said, StringComparison.Ordinal);
        foreach (var spec in cloud.InForce.Where(k => record is not null && IsClaimed(record, k)))
            Assert.DoesNotContain(spec.KeyUri, usable);
        if (error is not null)
            Assert.NotEmpty(error.RecommendedAction);
        if (record is null && state != MatrixState.Evicted)
            Assert.Empty(cloud.Writes());
    }

    /// <summary>True if every change of one method was made for the key, as the output says.</summary>
    private static bool IsClaimed(CmekRevocation record, CmekRegionSpec key) =>
        record
            .Changes.Where(c =>
                c.AuthPrincipal == key.AuthPrincipal && (c.KeyUri == key.KeyUri || c.KeyUri.Length == 0)
            )
            .GroupBy(c => c.Method)
            .Any(of => of.All(c => c.State == CmekAccessChangeState.Done));

    private async Task<(CmekRevocation? Record, CmekException? Error)> RevokeAsync(ICmekKeyProvider provider)
    {
        switch (state)
        {
            case MatrixState.SharedKey:
                var (_, refused) = await OnceAsync(provider, Options("shared"));
                if (refused is { ErrorId: nameof(Errors.KeyShared) })
                {
                    Assert.Contains(cloud.Neighbour.Name, refused.Message, StringComparison.Ordinal);
                    Assert.Empty(cloud.Writes());
                }

                return await OnceAsync(provider, Options() with { AllowSharedKey = true });
            case MatrixState.TwoClusters:
                var both = await Task.WhenAll(
                    OnceAsync(provider, Options()),
                    OnceAsync(cloud.Again(), Options(), cloud.Neighbour)
                );
                return both[0];
            case MatrixState.SecondAdmin:
                var two = await Task.WhenAll(
                    OnceAsync(provider, Options()),
                    OnceAsync(cloud.Again(), Options("second"))
                );
                return two[0];
            case MatrixState.Evicted:
                await EvictAsync(provider);
                return await OnceAsync(cloud.Again(), Options());
            default:
                return await OnceAsync(provider, Options());
        }
    }

    private async Task EvictAsync(ICmekKeyProvider provider)
    {
        using var stop = new CancellationTokenSource();
        _isStopped = false;
        try
        {
            await OnceAsync(provider, Options(), afterFirstWrite: _calls is null ? stop.Cancel : null, stop: stop);
        }
        catch (OperationCanceledException)
        {
            // The process was ended; the next run continues from the record.
            _isStopped = true;
        }
    }

    private async Task<(CmekRevocation?, CmekException?)> OnceAsync(
        ICmekKeyProvider provider,
        RevocationOptions options,
        CrdbCluster? cluster = null,
        Action? afterFirstWrite = null,
        CancellationTokenSource? stop = null
    )
    {
        if (state == MatrixState.ForeignChange)
            afterFirstWrite = () => cloud.ChangeAsStranger(undo: false);
        var calls = -1;
        var log = new RecordingLog
        {
            OnWritten = () => Interlocked.Exchange(ref afterFirstWrite, null)?.Invoke(),
            OnVerbose = _ =>
            {
                if (stop is not null && Interlocked.Increment(ref calls) == _calls)
                    stop.Cancel();
            },
        };
        using var client = cloud.Client(state is MatrixState.ApiDown or MatrixState.KmsOnly);
        try
        {
            return await new CmekRevocations(client, MatrixCloud.Lifecycle(client), CustomerClouds.All).RevokeAsync(
                cluster ?? cloud.Cluster,
                provider,
                options,
                cloud.Context(log, stop?.Token ?? default)
            );
        }
        catch (CmekException error)
        {
            return (null, error);
        }
        finally
        {
            _warnings.AddRange(log.Warnings);
        }
    }

    private RevocationOptions Options(string folder = "first") =>
        new()
        {
            Method = method,
            Path = Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName,
            KmsOnly = state == MatrixState.KmsOnly,
            NeighbourPatience = TimeSpan.FromMilliseconds(state == MatrixState.ApiSlow ? 20 : 2_000),
            Source = state
                is MatrixState.KmsOnly
                    or MatrixState.ApiDown
                    or MatrixState.ApiForbidden
                    or MatrixState.ApiSlow
                ? cloud.Manifest
                : null,
        };

    /// <summary>(d) and (e): restoring gives back exactly what was there, and doing it again writes nothing.</summary>
    private async Task RestoreAsync(string before)
    {
        var provider = cloud.Mend();
        foreach (var file in Directory.EnumerateFiles(_folder, "*.json", SearchOption.AllDirectories).Order())
        {
            await RestoreAsync(provider, file);
            cloud.Server.ClearExchanges();
            await RestoreAsync(provider, file);
            Assert.Empty(cloud.Writes());
        }

        if (state == MatrixState.ForeignChange && cloud.Dump() != before)
            cloud.ChangeAsStranger(undo: true);
        Assert.Equal(before, cloud.Dump());
    }

    private async Task RestoreAsync(ICmekKeyProvider provider, string file)
    {
        var record = RevocationFile.Load(file);
        var cluster = record.Cluster.Id == cloud.Cluster.Id ? cloud.Cluster : cloud.Neighbour;
        using var client = cloud.Client(state is MatrixState.ApiDown or MatrixState.KmsOnly);
        var log = new RecordingLog();
        var (_, error) = await new CmekRestoration(client, CustomerClouds.All).RestoreAsync(
            cluster,
            record,
            provider,
            cloud.Context(log)
        );
        Assert.True(error is null, $"{error?.ErrorId}: {error?.Message}");
    }

    /// <summary>What the sandbox shows and the output says, in a few words.</summary>
    private string Outcome(CmekRevocation? record, CmekException? error, int usable)
    {
        var done = (record?.Changes ?? []).Where(c => c.State == CmekAccessChangeState.Done).Select(c => c.Method);
        var by = string.Join(", ", done.Distinct().Order());
        var cut =
            usable == 0 ? "cut"
            : usable < cloud.InForce.DistinctBy(k => k.KeyUri).Count() ? "partly cut"
            : "not cut";
        return (usable == 0 || by.Length > 0 ? $"{cut} by {by}" : cut)
            + (error is null ? "" : $", error `{error.ErrorId}`");
    }
}
