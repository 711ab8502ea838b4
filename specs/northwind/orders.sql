SELECT o.OrderID, o.CustomerID, o.ShipName, o.OrderDate, o.RequiredDate,
       round(sum(d.UnitPrice * d.Quantity * (1 - d.Discount)), 2) AS Value
FROM Orders AS o
JOIN "Order Details" AS d ON d.OrderID = o.OrderID
GROUP BY o.OrderID
ORDER BY o.OrderID
