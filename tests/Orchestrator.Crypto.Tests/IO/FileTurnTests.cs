using Orchestrator.Crypto.IO;

namespace Orchestrator.Crypto.Tests.IO;

public sealed class FileTurnTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("turn-").FullName;

    private string FilePath => Path.Combine(_folder, "turn");

    [Fact]
    public async Task Take_WhileAnotherHasTheTurn_WaitsForItsEnd()
    {
        FileTurn first = FileTurn.Take(FilePath);
        Task<FileTurn> second = Task.Run(() => FileTurn.Take(FilePath));
        await Assert.ThrowsAsync<TimeoutException>(() => second.WaitAsync(TimeSpan.FromMilliseconds(200)));

        first.Dispose();

        (await second).Dispose();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
