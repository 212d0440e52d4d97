using CockroachCmek.Core.Keys;
using CockroachCmek.Core.Keys.Aws;
using CockroachCmek.Core.Keys.Azure;
using CockroachCmek.Core.Keys.Gcp;

namespace CockroachCmek.Core.Clouds;

/// <summary>The table of clouds: one row for each.</summary>
internal static class CustomerClouds
{
    /// <summary>Every cloud that this module supports.</summary>
    public static CustomerCloudTable All { get; } =
        new([new AwsCustomerCloud(), new GcpCustomerCloud(), new AzureCustomerCloud()]);
}
