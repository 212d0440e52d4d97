using System.Management.Automation;
using CockroachCmek.Testing.Specs;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Checks the module's requests and the sandbox's responses against the vendors' specifications.</summary>
public sealed class SpecTests(SpecTests.Recording recording) : IClassFixture<SpecTests.Recording>
{
    /// <summary>Every operation that the tour below must reach, or the check would prove little.</summary>
    private static readonly string[] AwsOperations =
    [
        "iam:CreateRole",
        "iam:GetRole",
        "iam:PutRolePermissionsBoundary",
        "iam:TagRole",
        "sts:GetCallerIdentity",
        "kms:CreateKey",
        "kms:ReplicateKey",
        "kms:CreateAlias",
        "kms:PutKeyPolicy",
        "kms:EnableKeyRotation",
        "kms:DescribeKey",
        "kms:GetKeyLastUsage",
        "cloudtrail:LookupEvents",
        "kms:RotateKeyOnDemand",
        "kms:ListKeyRotations",
        "kms:UpdateAlias",
        "kms:UntagResource",
        "kms:ListAliases",
        "kms:DisableKey",
        "kms:EnableKey",
    ];

    [Fact]
    public async Task Requests_and_responses_of_CockroachDB_Cloud_match_the_OpenAPI_document()
    {
        // The check can fail: a region that is a number, an unknown query parameter, a response that is not an object.
        const string Wrong = """{"region_specs":[{"region":1}]}""";
        var problems = await Specifications.CockroachCloud.CheckAsync(
            "POST",
            "/api/v1/clusters/x/cmek?y=1",
            Wrong,
            200,
            "[]"
        );
        Assert.Equal(3, problems.Count);

        var exchanges = recording.Of("cloud");
        Assert.True(exchanges.Count > 20);
        foreach (var exchange in exchanges)
        {
            var validator = exchange.Text("Target").Contains("/backups", StringComparison.Ordinal)
                ? Specifications.CockroachCloudBackups
                : Specifications.CockroachCloud;
            Report(
                exchange,
                await validator.CheckAsync(
                    exchange.Text("Method"),
                    exchange.Text("Target"),
                    exchange.Text("RequestBody"),
                    (int)exchange.Get("Status")!,
                    exchange.Text("ResponseBody")
                )
            );
            Assert.Equal("2024-09-16", recording.Header(exchange, "Cc-Version"));
        }
    }

    [Fact]
    public void Requests_and_responses_of_AWS_match_the_botocore_models()
    {
        // The check can fail.
        Assert.NotEmpty(Specifications.Aws["kms"].CheckJson("CreateAlias", "input", """{"AliasName":1}"""));
        Assert.NotEmpty(
            Specifications.Aws["iam"].CheckForm("CreateRole", new Dictionary<string, string> { ["RoleNam"] = "x" })
        );

        var exchanges = recording.Of("aws");
        foreach (var exchange in exchanges)
            Report(exchange, CheckAws(exchange));
        Assert.Superset(AwsOperations.ToHashSet(), exchanges.Select(e => e.Text("Operation")).ToHashSet());
    }

    private static List<string> CheckAws(PSObject exchange)
    {
        var (service, operation) = exchange.Text("Operation").Split(':') switch
        {
            [var name, var action] => (name, action),
            _ => throw new InvalidOperationException(exchange.Text("Operation")),
        };
        var validator = Specifications.Aws[service];
        var (request, response) = (exchange.Text("RequestBody"), exchange.Text("ResponseBody"));
        var succeeded = (int)exchange.Get("Status")! == 200;
        return service is "kms" or "cloudtrail"
            ?
            [
                .. validator.CheckJson(operation, "input", request),
                .. succeeded && response.Length > 2 ? validator.CheckJson(operation, "output", response) : [],
            ]
            :
            [
                .. validator.CheckForm(operation, Form(request)),
                .. succeeded ? validator.CheckXml(operation, response) : [],
            ];
    }

    private static Dictionary<string, string> Form(string body) =>
        body.Split('&')
            .Select(p => p.Split('=', 2))
            .ToDictionary(p => Uri.UnescapeDataString(p[0]), p => Uri.UnescapeDataString(p[1].Replace('+', ' ')));

    private static void Report(PSObject exchange, IReadOnlyList<string> problems) =>
        Assert.True(
            problems.Count == 0,
            $"{exchange}: {string.Join("; ", problems)}\n{exchange.Text("RequestBody")}\n{exchange.Text("ResponseBody")}"
        );

    /// <summary>
    /// One tour of the module on AWS, valid and invalid calls, recorded once for all tests of the class.
    /// </summary>
    public sealed class Recording : IDisposable
    {
        private const string Tour = """
            $null = Get-CrdbOrganization; $null = Get-CrdbCluster; $null = Get-CrdbCluster -IncludeInactive
            $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole |
                New-CrdbCmekKey -MultiRegion -RotationPeriodInDays 365 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
            $null = Get-CrdbCluster prod-us | New-CrdbCmekRole -Path /cockroach/ -Tag @{ team = 'db' } |
                New-CrdbCmekKey | New-CrdbCmekManifest | Test-CrdbCmekManifest
            $managed = 'arn:aws:iam::aws:policy'
            $null = New-CrdbCmekRole flaky-aws -PermissionsBoundary $managed/PowerUserAccess
            $null = New-CrdbCmekRole flaky-aws -PermissionsBoundary $managed/AdministratorAccess -Update
            $key = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion |
                Where-Object IsPrimary
            $null = New-CrdbCmekRole dev-aws | New-CrdbCmekKey -KeyUri $key.KeyUri -Grant | Get-CrdbCmekKeyPolicy
            $null = Get-CrdbCluster | Where-Object CloudProvider -eq AWS | Where-Object Plan -eq ADVANCED |
                Get-CrdbCmek
            $null = Get-CrdbCluster 00000000-0000-4000-8000-0000000000ff -ErrorAction SilentlyContinue
            $null = Invoke-CrdbCmekRotation prod-eu -Wait
            $null = Invoke-CrdbCmekRotation prod-eu -NewKey -Wait -WarningAction SilentlyContinue
            $null = Add-CrdbCmekRegion eu-north-1 -Cluster prod-eu -Wait; $null = Test-CrdbCmek prod-eu
            $null = Get-CrdbCmekUsage prod-eu
            $null = Revoke-CrdbCmek prod-eu -Method RemoveGrant -KmsOnly -Confirm:$false | Restore-CrdbCmekAccess
            $null = Revoke-CrdbCmek prod-eu -Method DisableKey -KmsOnly -Confirm:$false | Restore-CrdbCmekAccess
            $null = Revoke-CrdbCmek prod-eu -Confirm:$false -WarningAction SilentlyContinue
            """;

        private readonly ModuleSession _session = ModuleSession.WithSandbox(record: true);

        public Recording() => _session.Run(Tour).Succeeds();

        /// <summary>The exchanges with one service.</summary>
        public IReadOnlyList<PSObject> Of(string service) =>
            _session.Run($"$sandbox.Exchanges | Where-Object Service -eq {service}").Output;

        /// <summary>A header of a request.</summary>
        public string? Header(PSObject exchange, string name) =>
            _session.Run($"$e.RequestHeaders['{name}']", ("e", exchange)).Single().ToString();

        public void Dispose() => _session.Dispose();
    }
}
