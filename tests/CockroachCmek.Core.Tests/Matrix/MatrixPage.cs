using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CockroachCmek.Core.Keys;
using CockroachCmek.Testing;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// docs/revocation-matrix.md: what each method does in each state. With UPDATE_REVOCATION_MATRIX=1 the tests write the
/// page instead of comparing with it.
/// </summary>
internal static class MatrixPage
{
    private const string Introduction = """
        # What a revocation does when something is broken

        The tests run every method of `Revoke-CrdbCmek` in each of these states of the clouds, on the sandbox, and write
        what they see. *Cut* means that the cluster's identity can no longer decrypt with any key in force, as the
        sandbox itself finds. CockroachDB Cloud is told only then. An error id says what the output reports; it names the
        keys that can still be used. In every state `Restore-CrdbCmekAccess` brings back exactly what was there, and
        running it again writes nothing. A run of Default is stopped after each of its calls in turn; runs of the other
        methods after their first write.

        Default tries the next method where one is refused for good. DisableIdentity on Azure stops new tokens only:
        tokens that were issued before stay valid until they expire, and the output says so.
        """;

    private static readonly string Path = System.IO.Path.Combine(Repository.Root, "docs", "revocation-matrix.md");

    private static readonly Lazy<HashSet<string>> Rows = new(() => [.. Read()]);

    private static readonly ConcurrentDictionary<string, string> Seen = new();

    private static readonly object Gate = new();

    private static bool IsUpdate => Environment.GetEnvironmentVariable("UPDATE_REVOCATION_MATRIX") == "1";

    /// <summary>The clouds, with the states that each does not have.</summary>
    public static IReadOnlyList<(
        ICustomerCloud Cloud,
        IReadOnlyDictionary<MatrixState, string> Absent
    )> Clouds { get; } =
    [(AwsMatrix.Cloud, AwsMatrix.Absent), (GcpMatrix.Cloud, GcpMatrix.Absent), (AzureMatrix.Cloud, AzureMatrix.Absent)];

    /// <summary>The methods of a cloud, the default first.</summary>
    public static IEnumerable<CmekRevocationMethod> MethodsOf(ICustomerCloud cloud) =>
        cloud.RevocationMethods.Prepend(CmekRevocationMethod.Default);

    /// <summary>Compares the outcome of a cell with the page.</summary>
    public static void Check(string cloud, MatrixState state, CmekRevocationMethod method, string outcome)
    {
        var row = $"| {Meaning(state)} | {method} | {outcome} |";
        if (!IsUpdate)
        {
            Assert.True(Rows.Value.Contains(cloud + row), $"docs/revocation-matrix.md has no row: {cloud}{row}");
            return;
        }

        Seen[Key(cloud, state, method)] = row;
        lock (Gate)
            File.WriteAllText(Path, Write());
    }

    /// <summary>The cells of a cloud that the page does not have exactly once.</summary>
    public static IEnumerable<string> NotOnce(ICustomerCloud cloud, IReadOnlyDictionary<MatrixState, string> absent) =>
        from state in Enum.GetValues<MatrixState>()
        from method in MethodsOf(cloud)
        let start = $"{cloud.DisplayName}| {Meaning(state)} | {method} | "
        where Read().Count(r => r.StartsWith(start, StringComparison.Ordinal)) != (absent.ContainsKey(state) ? 0 : 1)
        select start;

    /// <summary>The rows of the page, each after its cloud's name.</summary>
    public static IReadOnlyList<string> Read()
    {
        var rows = new List<string>();
        var cloud = "";
        foreach (var line in File.ReadLines(Path))
            if (line.StartsWith("## ", StringComparison.Ordinal))
                cloud = line[3..];
            else if (
                line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| State", StringComparison.Ordinal)
            )
                rows.Add(cloud + line);
        return rows;
    }

    /// <summary>The page, with the outcomes seen so far.</summary>
    private static string Write()
    {
        var page = new StringBuilder(Introduction.ReplaceLineEndings("\n")).Append('\n');
        foreach (var (cloud, absent) in Clouds)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"\n## {cloud.DisplayName}\n\n| State | Method | Outcome |\n|---|---|---|\n"
            );
            foreach (var state in Enum.GetValues<MatrixState>().Where(s => !absent.ContainsKey(s)))
            foreach (var method in MethodsOf(cloud))
                if (Seen.TryGetValue(Key(cloud.DisplayName, state, method), out var row))
                    page.Append(row).Append('\n');
            page.Append("\nStates that do not exist here:\n\n");
            foreach (var (state, reason) in absent.OrderBy(a => a.Key))
                page.Append(CultureInfo.InvariantCulture, $"- {Meaning(state)}: {reason}\n");
        }

        return page.ToString();
    }

    private static string Key(string cloud, MatrixState state, CmekRevocationMethod method) =>
        $"{cloud}/{state}/{method}";

    /// <summary>What a state is, for readers of the page.</summary>
    private static string Meaning(MatrixState state) =>
        state switch
        {
            MatrixState.Healthy => "Nothing is broken",
            MatrixState.KmsOnly => "`-KmsOnly` with a manifest",
            MatrixState.ApiDown => "CockroachDB Cloud refuses connections",
            MatrixState.ApiSlow => "CockroachDB Cloud needs ten minutes for each response",
            MatrixState.NeighbourFails => "CockroachDB Cloud responds with 500 for another cluster",
            MatrixState.ApiForbidden => "CockroachDB Cloud responds with 403",
            MatrixState.StalePrincipal => "A policy names a deleted principal",
            MatrixState.GrantsLocked => "Grants and key policies are locked",
            MatrixState.IdentityLocked => "The identity is locked",
            MatrixState.KeysLocked => "The state of keys is locked",
            MatrixState.PastKeyUnreadable => "A past key cannot be read",
            MatrixState.PastKeyUnchangeable => "A past key cannot be changed",
            MatrixState.PastKeyDeleted => "A past key was deleted",
            MatrixState.ExtraReplica => "A key in force has a replica in an unused region",
            MatrixState.InheritedGrant => "The grant is on the project or subscription",
            MatrixState.GroupGrant => "The grant goes through a group",
            MatrixState.IdentityPolicy => "The grant is in a policy of the role",
            MatrixState.SharedKey => "Another cluster uses the same keys, `-AllowSharedKey`",
            MatrixState.ExpiredToken => "The credentials have expired",
            MatrixState.ForeignChange => "Somebody changes the same policy during the read-back",
            MatrixState.KeyUnreachable => "The endpoint of one key resets connections",
            MatrixState.TwoClusters => "Two clusters are revoked at once",
            MatrixState.SecondAdmin => "Two administrators revoke at once",
            MatrixState.Evicted => "The run is stopped after its first write and started again",
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
        };
}
