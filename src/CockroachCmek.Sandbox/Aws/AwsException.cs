namespace CockroachCmek.Sandbox.Aws;

/// <summary>An error of AWS: code, message and HTTP status. Each protocol writes it in its own form.</summary>
internal sealed class AwsException(string code, string message, int status = 400) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;
}
