using System.Globalization;
using System.Text;

namespace CockroachCmek.Core.Tests.Sandbox;

/// <summary>AWS Signature Version 4, as the sandbox checks it.</summary>
public sealed class AwsSignatureTests
{
    private const string Form = "Action=GetCallerIdentity&Version=2011-06-15";

    [Fact]
    public async Task A_signed_request_is_accepted()
    {
        await using var bed = new AwsTestBed();
        Assert.Equal(200, (await bed.QueryAsync("sts", Form)).Status);
    }

    [Fact]
    public async Task A_body_that_was_changed_after_signing_is_refused()
    {
        await using var bed = new AwsTestBed();
        await RefusedAsync(
            bed.QueryAsync("sts", Form, request =>
                request.Content = new StringContent(Form + "&x=1", Encoding.UTF8, "application/x-www-form-urlencoded")
            )
        );
    }

    [Fact]
    public async Task A_header_that_was_changed_after_signing_is_refused()
    {
        await using var bed = new AwsTestBed();
        var later = DateTime.UtcNow.AddMinutes(1).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        await RefusedAsync(bed.QueryAsync("sts", Form, request =>
            {
                request.Headers.Remove("X-Amz-Date");
                request.Headers.Add("X-Amz-Date", later);
            }));
    }

    [Fact]
    public async Task A_signature_with_another_secret_is_refused()
    {
        await using var bed = new AwsTestBed();
        await RefusedAsync(bed.QueryAsync("sts", Form, secret: "another"));
    }

    private static async Task RefusedAsync(Task<TestResponse> sending)
    {
        var response = await sending;
        Assert.Equal(403, response.Status);
        Assert.Contains("SignatureDoesNotMatch", response.Text("text"), StringComparison.Ordinal);
    }
}
