using CockroachCmek.Core.Keys.Gcp;

namespace CockroachCmek.Core.Tests.Gcp;

/// <summary>Names of keys, service accounts and locations.</summary>
public sealed class GcpNameTests
{
    private const string Key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k";

    [Theory]
    [InlineData(Key)]
    [InlineData($"{Key}/cryptoKeyVersions/12")]
    [InlineData($"//cloudkms.googleapis.com/{Key}")]
    [InlineData($"https://cloudkms.googleapis.com/v1/{Key}")]
    public void A_key_s_name_is_read_in_every_form_that_people_copy(string text) =>
        Assert.Equal(Key, GcpKeyName.Parse(text).ToString());

    [Theory]
    [InlineData("projects/p/locations/europe/keyRings/r")]
    [InlineData("projects/p/locations/europe/keyRings/r/cryptoKeys/k/")]
    [InlineData("projects/p/keyRings/r/cryptoKeys/k")]
    [InlineData("arn:aws:kms:us-east-1:000000000000:key/none")]
    [InlineData("")]
    public void A_text_that_is_not_a_key_s_name_is_refused(string text) =>
        Assert.Equal("KeyNameMalformed", Assert.Throws<CmekException>(() => GcpKeyName.Parse(text)).ErrorId);

    [Theory]
    [InlineData(Key, null)]
    [InlineData($"{Key}/cryptoKeyVersions/1", "it names a version")]
    [InlineData("projects/p/keys/k", "it is not the resource name of a key")]
    public void A_manifest_takes_the_exact_resource_name_only(string text, string? problem)
    {
        var uri = new GcpCustomerCloud().ParseKeyUri(text)!;

        Assert.StartsWith(problem ?? "", uri.Problem ?? "", StringComparison.Ordinal);
        Assert.Equal(problem is null ? "GCP_CLOUD_KMS" : null, uri.KeyType);
    }

    [Fact]
    public void A_key_uri_of_another_cloud_is_left_to_that_cloud() =>
        Assert.Null(new GcpCustomerCloud().ParseKeyUri("arn:aws:kms:us-east-1:000000000000:key/none"));

    [Theory]
    [InlineData("crdb-cmek@db-1.iam.gserviceaccount.com", "db-1")]
    [InlineData("crdb-cmek@db.example.com.iam.gserviceaccount.com", "example.com:db")]
    public void A_service_account_s_address_tells_its_project(string text, string project)
    {
        Assert.Equal(project, ServiceAccountEmail.Parse(text).Project);
        Assert.Equal(text, ServiceAccountEmail.Of("crdb-cmek", project).Text);
    }

    [Fact]
    public void A_name_of_fewer_than_six_characters_is_not_a_service_account_s()
    {
        var error = Assert.Throws<CmekException>(() => ServiceAccountEmail.Parse("db@p.iam.gserviceaccount.com"));

        Assert.Equal("ServiceAccountMalformed", error.ErrorId);
    }

    [Theory]
    [InlineData("global", "us-east4", true)]
    [InlineData("us-east4", "us-east4", true)]
    [InlineData("us-east1", "us-east4", false)]
    [InlineData("us", "us-east4", true)]
    [InlineData("nam4", "us-central1", true)]
    [InlineData("europe", "us-east4", false)]
    [InlineData("eur4", "europe-west4", true)]
    [InlineData("asia1", "asia-northeast1", true)]
    public void A_location_serves_the_regions_inside_it(string location, string region, bool serves) =>
        Assert.Equal(serves, GcpLocations.Serves(location, region));
}
