using System.Text.Json.Nodes;
using CockroachCmek.Core.Clouds;
using CockroachCmek.Core.Cmek;
using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Tests.Aws;
using CockroachCmek.Testing;
using CsCheck;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// Records that somebody changed and signed again, through the whole restoration on a cloud: one is refused, and then
/// nothing was written; or it undoes something of what the honest record undoes, and nothing else.
/// </summary>
internal sealed class TamperedRestore(MatrixCloud cloud, CmekRevocationMethod method)
{
    private const int Places = 1_000;

    private static readonly JsonNode?[] Values =
    [
        "*",
        "",
        "x",
        null,
        -1,
        true,
        new JsonObject(),
        new JsonArray(),
        "kms:*",
        "roles/owner",
        "allUsers",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner, on Azure
        "KeyPolicyGrant",
        "DisableKey",
        "Planned",
        new string('x', 100_000),
    ];

    /// <summary>A place of the record, what is done there, and a second place whose text may be taken.</summary>
    private static readonly Gen<(int Place, int Way, int Other)> Changes = Gen.Select(
        Gen.Int[0, Places],
        Gen.Int[0, Values.Length + 5],
        Gen.Int[0, Places]
    );

    /// <summary>Makes an honest record, and restores from changed ones.</summary>
    public async Task RunAsync()
    {
        var (text, before) = await RevokeAsync();
        var (revoked, after) = (cloud.Server.Save(), Lines());
        var known = before.Concat(after).ToHashSet();
        var keys = cloud.Again();
        Assert.Null(await RestoreAsync(Sign(text), keys));
        var honest = cloud.Writes().ToHashSet();
        Assert.Equal(before, Lines());
        cloud.Server.Load(revoked);

        await Changes.SampleAsync(
            async change =>
            {
                if (Changed(text, change) is not { } changed)
                    return;
                cloud.Server.ClearExchanges();
                var error = await RestoreAsync(() => Sign(changed)(), keys);
                var written = cloud.Writes();
                if (error is { ErrorId: nameof(Errors.RevocationFileInvalid) })
                    Assert.Empty(written);
                var lines = written.Count == 0 ? after : Lines();
                var isSafe = lines.All(known.Contains) && written.All(honest.Contains);
                if (written.Count > 0)
                    cloud.Server.Load(revoked);
                Assert.True(
                    isSafe,
                    $"{error?.ErrorId}\n{string.Join("\n", written.Except(honest).Concat(lines.Except(known)))}\n{changed}"
                );
            },
            threads: 1
        );
    }

    /// <summary>Revokes with the method, and returns the record without its digest.</summary>
    private async Task<(string Record, IReadOnlyList<string> Before)> RevokeAsync()
    {
        var folder = Directory.CreateTempSubdirectory("crdb-cmek-tampered-").FullName;
        try
        {
            var provider = cloud.Start(MatrixState.Healthy);
            var before = Lines();
            using var client = cloud.Client();
            var (record, error) = await new CmekRevocations(
                client,
                MatrixCloud.Lifecycle(client),
                CustomerClouds.All
            ).RevokeAsync(
                cloud.Cluster,
                provider,
                new RevocationOptions { Method = method, Path = folder },
                cloud.Context(new RecordingLog())
            );
            Assert.Null(error);
            var file = JsonNode.Parse(await File.ReadAllTextAsync(record.Path!))!.AsObject();
            file.Remove("digest");
            file.Remove("format_version");
            return (file.ToJsonString(), before);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The record as this module reads it, once its digest is right again.</summary>
    private static Func<CmekRevocation> Sign(string text) =>
        () => RevocationFile.Read(RevocationFile.Write(RevocationFile.Read(text, "r")), "r");

    private async Task<CmekException?> RestoreAsync(Func<CmekRevocation> read, ICmekKeyProvider keys)
    {
        using var client = cloud.Client();
        try
        {
            var restoration = new CmekRestoration(client, CustomerClouds.All);
            return (
                await restoration.RestoreAsync(cloud.Cluster, read(), keys, cloud.Context(new RecordingLog()))
            ).Error;
        }
        catch (CmekException refused)
        {
            return refused;
        }
    }

    /// <summary>
    /// What the sandbox shows, with a line for each action of a statement: fewer actions give nobody more. The name of a
    /// statement changes nothing.
    /// </summary>
    private IReadOnlyList<string> Lines() => [.. cloud.Dump().Split('\n').SelectMany(ActionsOf)];

    private static IEnumerable<string> ActionsOf(string line)
    {
        var start = line.IndexOf('{', StringComparison.Ordinal);
        if (start < 0 || JsonNode.Parse(line[start..]) is not JsonObject statement)
            return [line];
        statement.Remove("Sid");
        var actions = statement["Action"] is JsonArray many ? [.. many] : new[] { statement["Action"] };
        statement.Remove("Action");
        return actions.Select(a => $"{line[..start]}{statement.ToJsonString()} {a}").Distinct();
    }

    /// <summary>The record with one place changed; null when the change says the same.</summary>
    private static string? Changed(string text, (int Place, int Way, int Other) change)
    {
        var root = JsonNode.Parse(text)!;
        var places = AwsRecords.Descendants(root).ToList();
        var node = places[change.Place % places.Count];
        var other = places[change.Other % places.Count];
        if (change.Way < Values.Length)
            node.ReplaceWith(Values[change.Way]?.DeepClone());
        else if (change.Way == Values.Length)
            Remove(node);
        else if (change.Way == Values.Length + 1 && node is JsonObject map)
            map["more"] = other.DeepClone();
        else if (change.Way == Values.Length + 1 && node is JsonArray list)
            list.Add(other.DeepClone());
        else if (change.Way <= Values.Length + 3 && node.GetValueKind() == System.Text.Json.JsonValueKind.String)
            node.ReplaceWith(Above((string)node!, change.Way == Values.Length + 2));
        else
            node.ReplaceWith(other.DeepClone());
        return JsonNode.DeepEquals(root, JsonNode.Parse(text)) ? null : root.ToJsonString();
    }

    private static void Remove(JsonNode node)
    {
        if (node.Parent is JsonObject map)
            map.Remove(node.GetPropertyName());
        else
            node.Parent!.AsArray().Remove(node);
    }

    /// <summary>A text without its last part, as the name of what contains it; or with another last part.</summary>
    private static string Above(string text, bool isContainer)
    {
        var end = text.LastIndexOfAny(['/', ':']);
        return isContainer ? text[..Math.Max(end, 0)] : text[..(end + 1)] + "other";
    }
}
