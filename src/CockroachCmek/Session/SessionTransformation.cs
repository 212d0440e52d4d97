namespace CockroachCmek.Session;

/// <summary>
/// Explains why a session from a job or a remote session is refused: it has no connections and no secrets any more.
/// </summary>
internal sealed class SessionTransformationAttribute() : MadeByAttribute(typeof(CrdbSession), "Connect-CrdbCloud")
{
    private protected override string? Explain(object? inputData) =>
        PipedObject.Of(inputData)?.Type == typeof(CrdbSession).FullName
            ? "A session cannot be passed to another process, because its secrets stay in its own. Use "
                + "Connect-CrdbCloud in this process. ForEach-Object -Parallel and Start-ThreadJob run in the "
                + "process of their caller and can use its session."
            : null;
}
