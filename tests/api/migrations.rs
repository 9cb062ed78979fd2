//! The history of the database, forth and back.

use kinora_migration::Migrator;
use kinora_server::database::{StatementCount, connect};
use kinora_tests::database::create_empty;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;

/// All that a migration makes, but for what remembers which of them were applied.
const SHAPE: &str = "SELECT line FROM (
    SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
        AS line, table_name FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexdef, tablename FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
        conrelid::regclass::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid), tgrelid::regclass::text FROM pg_trigger
        WHERE NOT tgisinternal
    UNION ALL SELECT 'function ' || pg_get_functiondef(pg_proc.oid), '' FROM pg_proc
        LEFT JOIN pg_depend ON pg_depend.objid = pg_proc.oid AND pg_depend.deptype = 'e'
        WHERE pronamespace = 'public'::regnamespace AND pg_depend.objid IS NULL
) AS shape WHERE table_name <> 'seaql_migrations' ORDER BY line";

async fn shape(database: &DatabaseConnection) -> Vec<String> {
    let rows = database.query_all_raw(Statement::from_string(DbBackend::Postgres, SHAPE)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_can_be_taken_back_and_made_again() {
    let url = create_empty().await;
    let database = connect(url.as_str(), &StatementCount::default()).await.unwrap();
    let changes = Migrator::migrations();
    let mut before = Vec::new();
    for change in &changes {
        before.push(shape(&database).await);
        Migrator::up(&database, Some(1)).await.unwrap();
        assert_ne!(before.last().unwrap(), &shape(&database).await, "{} changes nothing", change.name());
    }
    let newest = shape(&database).await;
    for (change, before) in changes.iter().zip(before).rev() {
        Migrator::down(&database, Some(1)).await.unwrap();
        let after = shape(&database).await;
        let left: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
        let lost: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
        assert!(left.is_empty() && lost.is_empty(), "{}: {left:#?} is left, {lost:#?} lost", change.name());
    }
    Migrator::up(&database, None).await.unwrap();
    assert_eq!(shape(&database).await, newest);
}
