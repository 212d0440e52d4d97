namespace CockroachCmek.Sandbox.Aws;

/// <summary>What the sandbox's AWS tells about the policy that refuses a request.</summary>
public enum AwsRefusalText
{
    /// <summary>The type of the policy.</summary>
    PolicyType,

    /// <summary>The type, and the ARN where the policy has one, as AWS does since January 2026.</summary>
    PolicyArn,

    /// <summary>Nothing, as old services do.</summary>
    None,
}
