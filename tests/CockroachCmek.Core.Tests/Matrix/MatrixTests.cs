using CockroachCmek.Core.Keys;

namespace CockroachCmek.Core.Tests.Matrix;

/// <summary>
/// Whatever state the clouds are in: the keys in force cannot be used after a revocation, or the output names those
/// that can; nothing is claimed that the sandbox contradicts; restoring gives back exactly what was there.
/// </summary>
public abstract class MatrixTests(MatrixCloud cloud)
{
    private protected async Task RunAsync(MatrixState state, CmekRevocationMethod method)
    {
        await new MatrixCell(cloud, state, method).RunAsync();
    }

    /// <summary>Every state that the cloud has, with each of its methods.</summary>
    private protected static TheoryData<MatrixState, CmekRevocationMethod> CellsOf(
        ICustomerCloud cloud,
        IReadOnlyDictionary<MatrixState, string> absent
    )
    {
        var cells = new TheoryData<MatrixState, CmekRevocationMethod>();
        foreach (var state in Enum.GetValues<MatrixState>().Where(s => !absent.ContainsKey(s)))
        foreach (var method in cloud.RevocationMethods.Prepend(CmekRevocationMethod.Default))
            cells.Add(state, method);
        return cells;
    }
}

/// <summary>The matrix on AWS.</summary>
public sealed class AwsMatrixTests(AwsMatrix cloud) : MatrixTests(cloud), IClassFixture<AwsMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(AwsMatrix.Cloud, AwsMatrix.Absent);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_AWS_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);
}

/// <summary>The matrix on Google Cloud.</summary>
public sealed class GcpMatrixTests(GcpMatrix cloud) : MatrixTests(cloud), IClassFixture<GcpMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(GcpMatrix.Cloud, GcpMatrix.Absent);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_Google_Cloud_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);
}

/// <summary>The matrix on Azure.</summary>
public sealed class AzureMatrixTests(AzureMatrix cloud) : MatrixTests(cloud), IClassFixture<AzureMatrix>
{
    public static TheoryData<MatrixState, CmekRevocationMethod> Cells => CellsOf(AzureMatrix.Cloud, AzureMatrix.Absent);

    [Theory]
    [MemberData(nameof(Cells))]
    public Task A_revocation_on_Azure_says_the_truth_and_is_undone_exactly(
        MatrixState state,
        CmekRevocationMethod method
    ) => RunAsync(state, method);
}
