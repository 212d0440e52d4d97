using System.Net.Http;

namespace CockroachCmek.Core.Http;

/// <summary>How CockroachDB Cloud is reached.</summary>
internal sealed record CloudConnection(Uri Endpoint, Secret ApiKey)
{
    /// <summary>Production.</summary>
    public static Uri DefaultEndpoint { get; } = new("https://cockroachlabs.cloud/");

    /// <summary>The version that this module was written for: what the official SDK sends too. Without the header the API answers with its latest, which changed meaning in 2026.</summary>
    public const string DefaultApiVersion = "2024-09-16";

    /// <summary>Sent as Cc-Version.</summary>
    public string ApiVersion { get; init; } = DefaultApiVersion;

    /// <summary>The clock of all waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How many times faster than life <see cref="Time"/> runs; the rate limit, which cannot be given a clock, is scaled by it.</summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>What carries the requests; null for the platform's own.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Longest time for one attempt at one request.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
