using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// Whatever state the clouds are in: the keys in force cannot be used after a revocation, or the output names those
/// that can; nothing is claimed that the sandbox contradicts; restoring gives back exactly what was there.
/// </summary>
public abstract class MatrixTests(MatrixCloud cloud)
{
    /// <summary>Runs a cell. What it says is also a cell of docs/revocation-matrix.md.</summary>
    private protected async Task RunAsync(MatrixState state, CmekRevocationMethod method)
    {
        var outcome = await new MatrixCell(cloud, state, method).RunAsync();
        MatrixPage.Check(cloud.Name, state, method, outcome);
    }

    /// <summary>Restores from records of a method that somebody changed.</summary>
    private protected Task RestoreTamperedAsync(CmekRevocationMethod method) =>
        new TamperedRestore(cloud, method).RunAsync();

    /// <summary>Revokes while one key's endpoint never responds.</summary>
    private protected Task RevokeBesideSilenceAsync() => SilentKey.RunAsync(cloud);

    /// <summary>The methods of a cloud.</summary>
    private protected static TheoryData<CmekRevocationMethod> MethodsOf(ICustomerCloud cloud) =>
        [.. cloud.RevocationMethods];

    /// <summary>Every state that the cloud has, with each of its methods.</summary>
    private protected static TheoryData<MatrixState, CmekRevocationMethod> CellsOf(
        ICustomerCloud cloud,
        IReadOnlyDictionary<MatrixState, string> absent
    )
    {
        var cells = new TheoryData<MatrixState, CmekRevocationMethod>();
        foreach (var state in Enum.GetValues<MatrixState>().Where(s => !absent.ContainsKey(s)))
        foreach (var method in MatrixPage.MethodsOf(cloud))
            cells.Add(state, method);
        return cells;
    }
}

/// <summary>The matrix on AWS.</summary>
[Trait("Lane", "Slow")]
public sealed class AwsMatrixTests(AwsMatrix cloud) : MatrixTests(cloud), IClassFixture<AwsMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(AwsMatrix.Cloud, AwsMatrix.Absent);

    public static TheoryData<CmekRevocationMethod> Methods => MethodsOf(AwsMatrix.Cloud);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_AWS_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);

    [Theory]
    [MemberData(nameof(Methods))]
    public Task A_record_that_somebody_changed_undoes_nothing_else_on_AWS(CmekRevocationMethod method) =>
        RestoreTamperedAsync(method);

    [Fact]
    public Task A_key_that_never_responds_on_AWS_holds_up_no_other() => RevokeBesideSilenceAsync();
}

/// <summary>The matrix on Google Cloud.</summary>
[Trait("Lane", "Slow")]
public sealed class GcpMatrixTests(GcpMatrix cloud) : MatrixTests(cloud), IClassFixture<GcpMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(GcpMatrix.Cloud, GcpMatrix.Absent);

    public static TheoryData<CmekRevocationMethod> Methods => MethodsOf(GcpMatrix.Cloud);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_Google_Cloud_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);

    [Theory]
    [MemberData(nameof(Methods))]
    public Task A_record_that_somebody_changed_undoes_nothing_else_on_Google_Cloud(CmekRevocationMethod method) =>
        RestoreTamperedAsync(method);

    [Fact]
    public Task A_key_that_never_responds_on_Google_Cloud_holds_up_no_other() => RevokeBesideSilenceAsync();
}

/// <summary>The matrix on Azure.</summary>
[Trait("Lane", "Slow")]
public sealed class AzureMatrixTests(AzureMatrix cloud) : MatrixTests(cloud), IClassFixture<AzureMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(AzureMatrix.Cloud, AzureMatrix.Absent);

    public static TheoryData<CmekRevocationMethod> Methods => MethodsOf(AzureMatrix.Cloud);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_Azure_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);

    [Theory]
    [MemberData(nameof(Methods))]
    public Task A_record_that_somebody_changed_undoes_nothing_else_on_Azure(CmekRevocationMethod method) =>
        RestoreTamperedAsync(method);

    [Fact]
    public Task A_key_that_never_responds_on_Azure_holds_up_no_other() => RevokeBesideSilenceAsync();
}

/// <summary>No cell of the matrix is left out in silence.</summary>
public sealed class MatrixPageTests
{
    [Fact]
    public void Every_state_is_met_by_every_method_or_named_as_absent_with_a_reason()
    {
        Assert.All(MatrixPage.Clouds, c => Assert.Empty(MatrixPage.NotOnce(c.Cloud, c.Absent)));
        Assert.All(MatrixPage.Clouds.SelectMany(c => c.Absent.Values), Assert.NotEmpty);
        Assert.Equal(326, MatrixPage.Read().Count);
    }
}
