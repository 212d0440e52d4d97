using CockroachCmek.Testing.Specs;
using CockroachCmek.Tests.Engine;

namespace CockroachCmek.Tests.Cmdlets;

/// <summary>Every request that the module sends, and every answer that the sandbox gives, against the vendors' own specifications.</summary>
[Collection(OneAtATime.Name)]
public sealed class SpecTests
{
    // All that the module does, right and wrong.
    private const string Everything = """
        $null = Get-CrdbOrganization; $null = Get-CrdbCluster; $null = Get-CrdbCluster -IncludeInactive
        $null = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion -RotationPeriodInDays 365 | New-CrdbCmekManifest | Enable-CrdbCmek -Wait
        $null = Get-CrdbCluster prod-us | New-CrdbCmekRole -Path /cockroach/ -Tag @{ team = 'db' } | New-CrdbCmekKey | New-CrdbCmekManifest | Test-CrdbCmekManifest
        $null = New-CrdbCmekRole dev-aws -Name shared; $null = New-CrdbCmekRole flaky-aws -Name shared -Update
        $key = Get-CrdbCluster prod-eu | New-CrdbCmekRole | New-CrdbCmekKey -MultiRegion | Where-Object IsPrimary
        $null = New-CrdbCmekRole dev-aws | New-CrdbCmekKey -KeyUri $key.KeyUri -Grant | Get-CrdbCmekKeyPolicy
        $null = Get-CrdbCluster | Where-Object CloudProvider -eq AWS | Where-Object Plan -eq ADVANCED | Get-CrdbCmek
        $null = Get-CrdbCluster 00000000-0000-4000-8000-0000000000ff -ErrorAction SilentlyContinue
        $null = Invoke-CrdbCmekRotation prod-eu -Wait; $null = Invoke-CrdbCmekRotation prod-eu -NewKey -Wait -WarningAction SilentlyContinue
        $null = Add-CrdbCmekRegion eu-north-1 -Cluster prod-eu -Wait; $null = Test-CrdbCmek prod-eu
        $null = Revoke-CrdbCmek prod-eu -Method RemoveGrant -KmsOnly -Confirm:$false | Restore-CrdbCmekAccess
        $null = Revoke-CrdbCmek prod-eu -Method DisableKey -KmsOnly -Confirm:$false | Restore-CrdbCmekAccess
        $null = Revoke-CrdbCmek prod-eu -Confirm:$false -WarningAction SilentlyContinue
        """;

    [Fact]
    public async Task Cloud_API_requests_and_answers_are_as_the_OpenAPI_document_says()
    {
        var spec = Repository.Spec("cockroach-cloud-cmek.openapi.json");
        Assert.SkipWhen(spec is null, "The specification cockroach-cloud-cmek.openapi.json is not beside the repository.");
        var validator = new OpenApiValidator(spec!);
        // The document above is cut down to what concerns CMEK; of backups the whole one tells.
        var whole = new OpenApiValidator(Repository.Spec("cockroach-cloud-openapi-2024-09-16-sdk7.1.0.json")!);
        // The check can fail: a region that is a number, a query parameter that there is not, an answer without an id.
        Assert.Equal(
            3,
            (
                await validator.CheckAsync(
                    "POST",
                    "/api/v1/clusters/x/cmek?y=1",
                    """{"region_specs":[{"region":1}]}""",
                    200,
                    "[]"
                )
            ).Count
        );
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Everything).Succeeds();
        var exchanges = session.Run("$sandbox.Exchanges | Where-Object Service -eq cloud").Output;
        Assert.True(exchanges.Count > 20);
        foreach (var exchange in exchanges)
        {
            var problems = await (
                exchange.Text("Target").Contains("/backups", StringComparison.Ordinal) ? whole : validator
            ).CheckAsync(
                exchange.Text("Method"),
                exchange.Text("Target"),
                exchange.Text("RequestBody"),
                (int)exchange.Get("Status")!,
                exchange.Text("ResponseBody")
            );
            Assert.True(
                problems.Count == 0,
                $"{exchange}: {string.Join("; ", problems)}\n{exchange.Text("RequestBody")}\n{exchange.Text("ResponseBody")}"
            );
            Assert.Equal(
                "2024-09-16",
                session.Run("$e.RequestHeaders['Cc-Version']", ("e", exchange)).Single().ToString()
            );
        }
    }

    [Fact]
    public void AWS_requests_and_answers_are_as_botocores_models_say()
    {
        var specs = new[] { "kms", "iam", "sts" }.ToDictionary(
            s => s,
            s => Repository.Spec($"botocore-{s}-service-2.json")
        );
        Assert.SkipWhen(specs.Values.Any(s => s is null), "The botocore models are not beside the repository.");
        var validators = specs.ToDictionary(s => s.Key, s => new BotocoreValidator(s.Value!));
        // The check can fail.
        Assert.NotEmpty(validators["kms"].CheckJson("CreateAlias", "input", """{"AliasName":1}"""));
        Assert.NotEmpty(
            validators["iam"].CheckForm("CreateRole", new Dictionary<string, string> { ["RoleNam"] = "x" })
        );
        using var session = ModuleSession.WithSandbox(record: true);
        session.Run(Everything).Succeeds();
        var exchanges = session.Run("$sandbox.Exchanges | Where-Object Service -eq aws").Output;
        var operations = new HashSet<string>();
        foreach (var exchange in exchanges)
        {
            var (service, operation) = (
                exchange.Text("Operation").Split(':')[0],
                exchange.Text("Operation").Split(':')[1]
            );
            var validator = validators[service];
            var (request, answer, succeeded) = (
                exchange.Text("RequestBody"),
                exchange.Text("ResponseBody"),
                (int)exchange.Get("Status")! == 200
            );
            IReadOnlyList<string> problems =
                service == "kms"
                    ?
                    [
                        .. validator.CheckJson(operation, "input", request),
                        .. succeeded && answer.Length > 2 ? validator.CheckJson(operation, "output", answer) : [],
                    ]
                    :
                    [
                        .. validator.CheckForm(operation, Form(request)),
                        .. succeeded ? validator.CheckXml(operation, answer) : [],
                    ];
            Assert.True(problems.Count == 0, $"{exchange}: {string.Join("; ", problems)}\n{request}\n{answer}");
            operations.Add(exchange.Text("Operation"));
        }

        foreach (
            var operation in new[]
            {
                "iam:CreateRole",
                "iam:GetRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:TagRole",
                "sts:GetCallerIdentity",
                "kms:CreateKey",
                "kms:ReplicateKey",
                "kms:CreateAlias",
                "kms:PutKeyPolicy",
                "kms:EnableKeyRotation",
                "kms:DescribeKey",
                "kms:RotateKeyOnDemand",
                "kms:ListKeyRotations",
                "kms:UpdateAlias",
                "kms:UntagResource",
                "kms:ListAliases",
                "kms:DisableKey",
                "kms:EnableKey",
            }
        )
            Assert.Contains(operation, operations);
    }

    private static Dictionary<string, string> Form(string body) =>
        body.Split('&')
            .Select(p => p.Split('=', 2))
            .ToDictionary(p => Uri.UnescapeDataString(p[0]), p => Uri.UnescapeDataString(p[1].Replace('+', ' ')));
}
