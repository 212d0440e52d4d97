using System.Net.Http;

namespace CockroachCmek.Core.Http;

/// <summary>The connection to CockroachDB Cloud.</summary>
internal sealed record CloudConnection(Uri Endpoint, Secret ApiKey)
{
    /// <summary>The production address.</summary>
    public static Uri DefaultEndpoint { get; } = new("https://cockroachlabs.cloud/");

    /// <summary>
    /// The API version that this module was written for, and that the official SDK sends. Without it the API uses its
    /// latest version, which changed meaning in 2026.
    /// </summary>
    public const string DefaultApiVersion = "2024-09-16";

    /// <summary>Sent as Cc-Version.</summary>
    public string ApiVersion { get; init; } = DefaultApiVersion;

    /// <summary>The clock of all waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// How many times faster than real time <see cref="Time"/> runs. Scales the rate limiter, which cannot be given a
    /// clock.
    /// </summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>What carries the requests; null for the platform's own.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
