namespace CockroachCmek;

/// <summary>A running rehearsal cloud on this machine's loopback address. Its credentials are made at start, are worth nothing elsewhere and end with it.</summary>
public sealed class CrdbSandbox
{
    /// <summary>Base address of the CockroachDB Cloud API.</summary>
    public Uri CloudEndpoint { get; internal init; } = null!;

    /// <summary>API key that may do everything. A sandbox's key is worth nothing elsewhere, so it is shown: other clients need it.</summary>
    public string ApiKey { get; internal init; } = "";

    /// <summary>API key that may list clusters but not see their CMEK.</summary>
    public string ViewerApiKey { get; internal init; } = "";

    /// <summary>Address of AWS STS, IAM and KMS, for example for AWS_ENDPOINT_URL.</summary>
    public Uri AwsEndpoint { get; internal init; } = null!;

    /// <summary>Access key id of an administrator of the sandbox's AWS account.</summary>
    public string AwsAccessKeyId { get; internal init; } = "";

    /// <summary>The secret that belongs to <see cref="AwsAccessKeyId"/>.</summary>
    public string AwsSecretAccessKey { get; internal init; } = "";

    /// <summary>The customer's AWS account id.</summary>
    public string AwsAccountId { get; internal init; } = "";

    /// <summary>How many times faster than life the sandbox's clocks run.</summary>
    public double TimeScale { get; internal init; }

    /// <summary>Environment variables for other clients: name and value.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; internal init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public override string ToString() => CloudEndpoint.ToString();
}
