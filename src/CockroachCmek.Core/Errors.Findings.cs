namespace CockroachCmek.Core;

internal static partial class Errors
{
    private const string WriteSuppression =
        "Write JSON or YAML: a list of entries with id, cluster, reason and expires, as docs/checks.md shows";

    private const string WriteBaseline =
        "Set-Content baseline.json (ConvertTo-Json @(Test-CrdbCmek | Where-Object Status -ne Pass))";

    /// <summary>The file of suppressions does not exist or cannot be read.</summary>
    public static CmekException SuppressionFileNotRead(string path, string reason, Exception? inner) =>
        Make(
            CmekErrorKind.NotFound,
            path,
            $"The suppressions '{path}' cannot be read: {reason}",
            WriteSuppression,
            inner
        );

    /// <summary>The file of suppressions is malformed. The message names every problem with its line.</summary>
    public static CmekException SuppressionFileInvalid(string path, string problems, Exception? inner = null) =>
        Make(CmekErrorKind.InvalidData, path, $"{path}, {problems}", WriteSuppression, inner);

    /// <summary>The baseline does not exist or cannot be read.</summary>
    public static CmekException BaselineNotRead(string path, string reason, Exception? inner) =>
        Make(CmekErrorKind.NotFound, path, $"The baseline '{path}' cannot be read: {reason}", WriteBaseline, inner);

    /// <summary>The file is not the result of an earlier Test-CrdbCmek.</summary>
    public static CmekException BaselineInvalid(string path, string problems, Exception? inner = null) =>
        Make(CmekErrorKind.InvalidData, path, $"{path}, {problems}", WriteBaseline, inner);

    /// <summary>The key is not in hardware, which the user's rules ask for.</summary>
    public static CmekException KeyNotInHsm(string fact, string command) =>
        Make(CmekErrorKind.InvalidState, null, $"{fact} -RequireHsm asks for a hardware security module.", command);
}
