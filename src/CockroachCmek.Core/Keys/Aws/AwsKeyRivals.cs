using System.Collections.Concurrent;
using Amazon.KeyManagementService.Model;

namespace CockroachCmek.Core.Keys.Aws;

/// <summary>
/// Two runs may create the same key at the same moment, as KMS has no names that only one of them could take. Each
/// looks again after it has created its key. The older one counts; the run that created the other takes it back.
/// </summary>
internal sealed class AwsKeyRivals(AwsRun run, CrdbCluster cluster)
{
    /// <summary>Days until a key is deleted that was taken back: the shortest that KMS allows.</summary>
    private const int DeletionWindow = 7;

    /// <summary>The keys that this run created and that count, by their ids.</summary>
    private readonly ConcurrentDictionary<string, CreatedKey> _own = new();

    /// <summary>Notes a replica that this run has made of its own key.</summary>
    public void NoteReplica(AwsKeyArn replica)
    {
        if (_own.ContainsKey(replica.KeyId))
            Note(replica);
    }

    /// <summary>Creates a key, unless another run is faster.</summary>
    /// <param name="replaces">Id of the key that the new one replaces; null for none.</param>
    /// <param name="create">Creates the key and settles a lost response.</param>
    /// <returns>The key that counts.</returns>
    public async Task<KeyMetadata> CreateAsync(string region, string? replaces, Func<Task<KeyMetadata>> create)
    {
        var before = new HashSet<string>();
        await foreach (var page in run.Keys.ListKeysAsync(region))
            before.UnionWith(page);
        var key = await create();
        var own = Note(AwsKeyArn.Parse(key.Arn));
        var oldest = await new AwsKeySearch(run).FindOldestAsync(region, cluster, key, replaces, before);
        if (oldest.KeyId == key.KeyId)
        {
            _own[key.KeyId] = own;
            return key;
        }

        await TakeBackAsync(own, oldest.Arn);
        return oldest;
    }

    /// <summary>True for a key that this run created and that counts.</summary>
    public bool IsOwn(KeyMetadata key) => _own.ContainsKey(key.KeyId);

    /// <summary>Takes a key back, if this run created it: another run's counts.</summary>
    public Task YieldAsync(KeyMetadata key, string rival) =>
        _own.TryRemove(key.KeyId, out var own) ? TakeBackAsync(own, rival) : Task.CompletedTask;

    private Task TakeBackAsync(CreatedKey own, string rival) =>
        run.Calls.Context.Created.TakeBackAsync(
            own,
            $"another run created {rival} at the same moment",
            run.Calls.Context.Host
        );

    /// <summary>Notes a key that this run has created, so that it can be taken back.</summary>
    private CreatedKey Note(AwsKeyArn key)
    {
        var created = new CreatedKey(
            key.ToString(),
            uri => uri == key.ToString(),
            () => run.Writer.ScheduleDeletionAsync(key, DeletionWindow),
            $"Its deletion is scheduled in {DeletionWindow} days",
            $"aws kms schedule-key-deletion --key-id {key} --pending-window-in-days {DeletionWindow} --region {key.Region}"
        );
        run.Calls.Context.Created.Add(created);
        return created;
    }
}
