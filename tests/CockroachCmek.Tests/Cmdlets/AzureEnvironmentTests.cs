using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Azure with credentials in environment variables.</summary>
[Collection(OneAtATime.Name)]
public sealed class AzureEnvironmentTests
{
    [Fact]
    public void The_page_of_consent_is_in_the_object_and_nothing_opens_by_itself()
    {
        using var session = ModuleSession.WithSandbox();
        using var user = AzureUser.With(session, "Keys");
        var result = session.Run("New-CrdbCmekRole azure-eu -Session $weak -Confirm:$false");
        Assert.Empty(result.AllErrors);
        Assert.Equal("Planned", result.Single().Text("Outcome"));
        Assert.StartsWith(
            "https://login.microsoftonline.com/",
            result.Single().Text("ConsentUrl"),
            StringComparison.Ordinal
        );
        Assert.Contains(result.Warnings, w => w.Contains("adminconsent", StringComparison.Ordinal));
        session
            .Run(
                "Get-CrdbCluster azure-eu -Session $weak | New-CrdbCmekKey -Session $weak -VaultName cmek-sandbox "
                    + "-AuthPrincipal $sandbox.AzureTenantId"
            )
            .FailsWith("GraphPermissionDenied");
    }

    [Fact]
    public void Open_opens_the_page_of_consent_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Browsers are opened with xdg-open on Linux only.");
        var folder = Directory.CreateTempSubdirectory("crdb-browser-").FullName;
        try
        {
            var browser = Path.Combine(folder, "xdg-open");
            File.WriteAllText(
                browser,
                $"#!/bin/sh\nprintf '%s' \"$1\" > {folder}/opening && mv {folder}/opening {folder}/opened\n"
            );
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(browser, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using var path = new EnvironmentVariable("PATH", folder + ":" + Environment.GetEnvironmentVariable("PATH"));
            using var session = ModuleSession.WithSandbox();
            using var user = AzureUser.With(session, "GraphRead");
            var url = session
                .Run("(New-CrdbCmekRole azure-eu -Session $weak).ConsentUrl")
                .Succeeds()
                .Single()
                .ToString();
            Assert.False(File.Exists(Path.Combine(folder, "opened")));
            session.Run("New-CrdbCmekRole azure-eu -Session $weak -Open").Succeeds();
            SpinWait.SpinUntil(() => File.Exists(Path.Combine(folder, "opened")), TimeSpan.FromSeconds(20));
            Assert.Equal(url, File.ReadAllText(Path.Combine(folder, "opened")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Credentials_come_from_the_environment_when_asked_for()
    {
        using var session = ModuleSession.WithSandbox();
        using var user = AzureUser.With(session, "All");
        Assert.Equal(
            "Created",
            session.Run("New-CrdbCmekRole azure-eu -Session $weak -GrantConsent").Succeeds().Single().Text("Outcome")
        );
        Assert.Equal(
            "Existing",
            session.Run("New-CrdbCmekRole azure-eu -GrantConsent").Succeeds().Single().Text("Outcome")
        );
    }
}
