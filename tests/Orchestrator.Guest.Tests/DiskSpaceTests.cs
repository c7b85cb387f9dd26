using Orchestrator.Guest.Files;

namespace Orchestrator.Guest.Tests;

/// <summary>No two owners have a sector in common.</summary>
public sealed class DiskSpaceTests
{
    [Fact]
    public void Take_GivesTheFirstGapThatIsLargeEnough_AndRefusesWhenThereIsNone()
    {
        var space = new DiskSpace();

        Assert.Equal(0, space.Take("a", 40, 100));
        Assert.Equal(40, space.Take("b", 40, 100));
        Assert.Throws<IOException>(() => space.Take("c", 21, 100));
        Assert.Equal(80, space.Take("c", 20, 100));
        space.Free("a");
        Assert.Equal(0, space.Take("d", 10, 100));
        Assert.Equal(10, space.Take("e", 30, 100));
        Assert.Throws<IOException>(() => space.Take("f", 1, 100));
    }

    [Fact]
    public void Parts_NeverOverlap_InARandomHistory()
    {
        var random = new Random(5);
        var space = new DiskSpace();
        var taken = new Dictionary<string, (long Start, long Length)>();
        for (int i = 0; i < 2000; i++)
        {
            string owner = $"owner-{random.Next(20)}";
            if (taken.Remove(owner))
            {
                space.Free(owner);
                continue;
            }

            long length = random.Next(1, 100);
            try
            {
                taken[owner] = (space.Take(owner, length, 500), length);
            }
            catch (IOException)
            {
                continue;
            }

            Assert.True(taken[owner].Start + length <= 500);
            Assert.All(taken.Where(other => other.Key != owner), other => Assert.True(
                other.Value.Start + other.Value.Length <= taken[owner].Start || taken[owner].Start + length <= other.Value.Start));
        }
    }
}
