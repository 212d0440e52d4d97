namespace CockroachCmek.Sandbox.Aws;

/// <summary>A refusal in AWS's terms; each protocol writes it in its own shape.</summary>
internal sealed class AwsFault(string code, string message, int status = 400) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;
}
